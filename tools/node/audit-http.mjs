// Audits a server against the GraphQL over HTTP specification: prints one line for each
// audit that did not pass, then how many did. Usage: TOKEN=dd_… node audit-http.mjs URL
import { serverAudits } from 'graphql-http';

const authorised = (url, options = {}) =>
  fetch(url, { ...options, headers: { ...options.headers, authorization: `Bearer ${process.env.TOKEN}` } });
const audits = serverAudits({ url: process.argv[2], fetchFn: authorised });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') {
    passed++;
    continue;
  }
  console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
}
console.log(`${passed} of ${audits.length} passed`);
