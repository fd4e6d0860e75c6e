'use strict';

const h = React.createElement;

// A link may bring a token behind #token=, which browsers send to no server. It leaves the
// address bar at once and lives as long as the tab; a header of a tab wins over it.
const handed = new URLSearchParams(location.hash.slice(1)).get('token');
if (handed !== null) {
  sessionStorage.setItem('drawdown-token', handed);
  history.replaceState(null, '', location.pathname + location.search);
}
const token = sessionStorage.getItem('drawdown-token');
const authorization = token ? { Authorization: `Bearer ${token}` } : {};

// GraphiQL is late to learn the name of an operation after a change of tab: where a
// document holds one alone, no name is needed.
const url = new URL('graphql', document.baseURI).href;
const fetcher = GraphiQL.createFetcher({ url, headers: authorization });
const send = ({ operationName, ...request }, options) => {
  const operations = request.query.match(/^\s*(query|mutation|subscription)\b/gm) ?? [];
  const sent = operations.length > 1 ? { operationName, ...request } : request;
  const named = operations.length > 1 ? new RegExp(`subscription\\s+${operationName}\\b`) : /^\s*subscription\b/m;
  return named.test(request.query) ? subscribe(sent, options) : fetcher(sent, options);
};

// subscribe yields what a subscription tells over server-sent events, until it ends or is
// stopped.
const subscribe = (request, options) => {
  const stop = new AbortController();
  const events = (async function* () {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream', ...authorization, ...options?.headers },
      body: JSON.stringify(request),
      signal: stop.signal,
    });
    if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      yield await response.json();
      return;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      const whole = (text + value).split('\n\n');
      text = whole.pop();
      for (const event of whole) {
        const told = /^event: (\w+)$/m.exec(event)?.[1];
        if (told === 'next') {
          yield JSON.parse(/^data: (.*)$/m.exec(event)[1]);
        } else if (told === 'complete') {
          return;
        }
      }
    }
  })();
  return {
    next: () => events.next().catch((error) => (stop.signal.aborted ? { done: true, value: undefined } : Promise.reject(error))),
    return: async () => (stop.abort(), { done: true, value: undefined }), // at once, and not at the next event
    [Symbol.asyncIterator]() { return this; },
  };
};

// leaf walks down to the one value that a lookup finds, undefined where it finds none.
const leaf = (node) => (node !== null && typeof node === 'object' ? (Object.values(node).length === 1 ? leaf(Object.values(node)[0]) : undefined) : node);

// ask sends a query and returns its data.
const ask = async (query) => {
  const answer = await send({ query });
  return (answer[Symbol.asyncIterator] ? (await answer[Symbol.asyncIterator]().next()).value : answer).data;
};

// variablesOf returns the variables of an example, with ids of this book in their place.
const variablesOf = async ({ variables, lookups = [] }) => {
  const found = { ...variables };
  const missing = [];
  for (const { variable, query } of lookups) {
    const value = leaf(await ask(query));
    if (value == null) {
      missing.push(`$${variable}: this book has nothing that ${query} finds.`);
    }
    found[variable] = value ?? '';
  }
  return { text: Object.keys(found).length > 0 ? JSON.stringify(found, null, 2) : '', missing };
};

// textOf writes an example with its words above it, in lines that fit the editor.
const textOf = ({ says, query }) => `# ${says.replace(/(.{1,56})( |$)/g, '$1\n# ').slice(0, -3)}\n${query}`;
const texts = new Set(shelves.flatMap(({ examples }) => examples.map(textOf)));

const begin = shelves[0].examples[0];

// Examples lists the operations of docs/api/examples, which examples.js holds, by area; a
// click puts one into the editor.
const Examples = () => {
  const { queryEditor, variableEditor, addTab } = GraphiQL.React.useEditorContext({ nonNull: true });
  const [note, tell] = React.useState('');
  const editor = React.useRef();
  editor.current = { queryEditor, variableEditor };
  // GraphiQL does not give the tab with which it begins its variables.
  React.useEffect(() => {
    if (queryEditor?.getValue() === textOf(begin) && variableEditor?.getValue() === '') {
      variablesOf(begin).then(({ text }) => variableEditor.setValue(text));
    }
  }, [queryEditor, variableEditor]);
  const open = async (example) => {
    tell('');
    const { text, missing } = await variablesOf(example);
    if (queryEditor.getValue().trim() !== '' && !texts.has(queryEditor.getValue())) {
      addTab(); // what somebody has written stays in its own tab
      await new Promise((resolve) => setTimeout(resolve));
    }
    editor.current.queryEditor.setValue(textOf(example));
    editor.current.variableEditor.setValue(text);
    tell(missing.join(' '));
  };
  return h('div', { className: 'examples' },
    h('h2', null, 'Examples'),
    h('p', null, 'A click puts one into the editor. Queries are written for the book of drawdown demo; acts make what they need, from top to bottom, on any book.'),
    note && h('p', { className: 'note', role: 'alert' }, note),
    shelves.map(({ title, examples }, i) =>
      h('details', { key: title, open: i === 0 },
        h('summary', null, title),
        h('ul', null, examples.map((example) =>
          h('li', { key: example.name },
            h('button', { type: 'button', onClick: () => open(example) },
              h('span', { className: /^\w+/.exec(example.query)[0] }, /^\w+/.exec(example.query)[0]), ' ', example.name),
            h('p', null, example.says)))))));
};

// Icon stands in the sidebar as soon as the examples can be shown, and shows them where nothing
// else is: GraphiQL's own way to open with a plugin hides what it opens.
const Icon = () => {
  const icon = React.useRef();
  React.useEffect(() => {
    if (!document.querySelector('.graphiql-sidebar [aria-label^="Hide"]')) {
      icon.current.closest('button').click();
    }
  }, []);
  return h('svg', { ref: icon, viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', strokeWidth: 1.5, 'aria-hidden': true },
    h('path', { d: 'M4 5h16M4 10h10M4 15h16M4 20h10' }));
};

ReactDOM.createRoot(document.getElementById('explorer')).render(
  h(GraphiQL, {
    fetcher: send,
    plugins: [{ title: 'Examples', icon: Icon, content: Examples }],
    defaultTabs: [{ query: textOf(begin) }],
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
  }),
);
