// Subscribes with npm package graphql-sse and prints a line of JSON for each result, then
// "complete", or why it ended. It comes back by itself when the server sends it away.
// Usage: node subscribe.mjs URL TOKEN QUERY VARIABLES RESULTS
import { createClient } from 'graphql-sse';

const [url, token, query, variables, results] = process.argv.slice(2);
const client = createClient({
  url,
  headers: { Authorization: `Bearer ${token}` },
  retry: () => new Promise((resolve) => setTimeout(resolve, 50)),
  retryAttempts: 100,
  on: { connecting: (again) => again && console.log('again') },
});
let came = 0;
for await (const result of client.iterate({ query, variables: JSON.parse(variables) })) {
  console.log(JSON.stringify(result));
  if (++came === Number(results)) break;
}
console.log(came === Number(results) ? 'enough' : 'complete');
client.dispose();
