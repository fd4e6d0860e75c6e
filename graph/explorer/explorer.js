'use strict';

// Operations to begin with. They need no ids, so that they answer on any book.
const examples = [
  `# Who can use how much, and what lapses for whom.
query Customers {
  customers(first: 20) {
    totalCount
    nodes {
      externalId
      name
      balance { credits lots { remaining expiresAt policy { code } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  `# From a figure of the trial balance down to the usage behind it.
query TrialBalance {
  trialBalance {
    functionalCurrency
    rows {
      account { role name class }
      opening { amount currency }
      debits { amount }
      credits { amount }
      closing { amount }
    }
  }
}
`,
  `# Why a figure is what it is: rule, paragraph, formula and inputs.
query Recognitions {
  recognitions(first: 5, reverse: true) {
    nodes {
      kind
      day
      credits
      amount { amount currency }
      explanation { rule paragraph formula inputs { name value } }
      customer { externalId }
      lot { granted price { amount } }
      draws(first: 3) { nodes { credits event { source eventId occurredAt } } }
      entry { number accountingDate }
    }
  }
}
`,
  `# The journal, newest first.
query Journal {
  entries(first: 10, reverse: true) {
    nodes {
      number
      kind
      accountingDate
      description
      lines {
        account { name }
        debit { amount currency }
        credit { amount currency }
        customer { externalId }
      }
      purchase { id reference }
    }
  }
}
`,
  `# Credits that lapse within 60 days, and the money they carry.
query Lapsing {
  lapsing(withinDays: 60) {
    totalCount
    nodes {
      customer { externalId }
      unused
      expiresAt
      carrying { amount currency }
    }
  }
  deferredRevenue(first: 10) {
    nodes { customer { externalId } unused carrying { amount currency } }
  }
}
`,
  `# Send it twice: the second answer is the first, and nothing happens again.
mutation Sell {
  customerCreate(input: { externalId: "explorer-inc", name: "Explorer Inc" }, idempotencyKey: "explorer-customer") {
    customer { id }
    userErrors { field code message }
  }
  policyCreate(input: { code: "explorer-annual", expires: "P12M" }, idempotencyKey: "explorer-policy") {
    policy { id }
    userErrors { field code message }
  }
  purchaseCreate(
    input: { customer: "explorer-inc", policy: "explorer-annual", credits: "10000", price: "800.00" }
    idempotencyKey: "explorer-purchase"
  ) {
    purchase { id price { amount currency } lot { id granted expiresAt } entries { nodes { number } } }
    userErrors { field code message }
  }
}
`,
  `# Use some of it. Events bring their own ids: a repeat is a DUPLICATE.
mutation Use($events: [UsageEventInput!]!) {
  usageRecord(events: $events) {
    recorded
    duplicates
    rejected
    outcomes { eventId status draws { credits lot { id remaining } } error { field code message } }
  }
}
`,
  `# Book what was used through yesterday. Running it twice books nothing twice.
mutation Book {
  jobRun(job: ALL, idempotencyKey: "explorer-run-1") {
    run { status through recognitions entries firstEntry { number } lastEntry { number } }
    userErrors { field code message }
  }
}
`,
];

const variables = {
  6: JSON.stringify({ events: [{ id: 'explorer-1', customer: 'explorer-inc', credits: '12.5' }] }, null, 2),
};

// GraphiQL is late to learn the name of an operation after a change of tab: where a
// document holds one alone, no name is needed.
const fetcher = GraphiQL.createFetcher({ url: new URL('graphql', document.baseURI).href });
const send = ({ operationName, ...request }, options) => {
  const operations = request.query.match(/^\s*(query|mutation)\b/gm) ?? [];
  return fetcher(operations.length > 1 ? { operationName, ...request } : request, options);
};

ReactDOM.createRoot(document.getElementById('explorer')).render(
  React.createElement(GraphiQL, {
    fetcher: send,
    defaultTabs: examples.map((query, i) => ({ query, variables: variables[i] ?? '' })),
    shouldPersistHeaders: false,
  }),
);
