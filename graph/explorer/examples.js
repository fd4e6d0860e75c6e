// Written by `make generate` from docs/api/examples. Change those.
const shelves = [
  {
    "title": "Customers",
    "examples": [
      {
        "name": "customer",
        "says": "What a customer can use now, which lot burns first, and when it lapses.",
        "query": "query Balance($externalId: String!) {\n  customer(externalId: $externalId) {\n    name\n    balance { at credits lots { remaining expiresAt } }\n    policy { code }\n  }\n}\n",
        "variables": {
          "externalId": "larkspur-labs"
        }
      },
      {
        "name": "customers",
        "says": "Finds customers by a part of their name or external id, two to a page.",
        "query": "query FindCustomers($search: String, $after: String) {\n  customers(search: $search, first: 2, after: $after) {\n    totalCount\n    nodes { externalId name balance { credits } }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n",
        "variables": {
          "search": "oak"
        }
      },
      {
        "name": "statement",
        "says": "What happened to a customer's credits: opening and lines add up to the closing, in credits and in money.",
        "query": "query Statement($from: Date!, $to: Date!) {\n  statement(customer: \"larkspur-labs\", from: $from, to: $to) {\n    opening { credits deferred { amount { amount currency } } }\n    lines(first: 4) {\n      totalCount\n      nodes { day kind credits amount { amount } balance deferred { amount } lot { id } uses { meter { code } events credits } }\n    }\n    closing { credits deferred { amount { amount currency } } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "customerCreate",
        "says": "Adds a customer under your own id. Send it twice: the second answer is the first, and nothing happens again.",
        "query": "mutation AddCustomer($input: CustomerCreateInput!, $key: String!) {\n  customerCreate(input: $input, idempotencyKey: $key) {\n    customer { id externalId name createdAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "externalId": "acme",
            "name": "Acme Inc"
          },
          "key": "customer-acme"
        }
      },
      {
        "name": "customerCreate-refused",
        "says": "What a refusal looks like: the payload says which argument is to blame, and nothing was written.",
        "query": "mutation AddCustomerAgain($input: CustomerCreateInput!, $key: String!) {\n  customerCreate(input: $input, idempotencyKey: $key) {\n    customer { id }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "externalId": "larkspur-labs"
          },
          "key": "customer-larkspur"
        }
      },
      {
        "name": "customerJurisdictionSet",
        "says": "Says that a customer buys under the law of Delaware from now on. What it has bought stays under the one of before.",
        "query": "mutation SetJurisdiction($customer: String!, $jurisdiction: String, $key: String!) {\n  customerJurisdictionSet(externalId: $customer, jurisdiction: $jurisdiction, idempotencyKey: $key) {\n    customer { externalId jurisdiction }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "customer": "larkspur-labs",
          "jurisdiction": "US-DE",
          "key": "jurisdiction-larkspur-labs"
        }
      },
      {
        "name": "customerSegmentSet",
        "says": "Puts a customer into a segment: what it buys from now on counts in the cohorts of that segment.",
        "query": "mutation SetSegment($customer: String!, $segment: String, $key: String!) {\n  customerSegmentSet(externalId: $customer, segment: $segment, idempotencyKey: $key) {\n    customer { externalId segment }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "customer": "larkspur-labs",
          "segment": "enterprise",
          "key": "segment-larkspur"
        }
      },
      {
        "name": "balanceChanged",
        "says": "A widget that shows what a customer has left, and stays right; the answer is the first event.",
        "query": "subscription BalanceChanged($customers: [String!]!) {\n  balanceChanged(customers: $customers) {\n    customer { externalId name }\n    credits\n    at\n  }\n}\n",
        "variables": {
          "customers": [
            "larkspur-labs"
          ]
        }
      }
    ]
  },
  {
    "title": "Catalogue",
    "examples": [
      {
        "name": "policy",
        "says": "A policy with all that it decides, and the estimates of breakage that came after the first.",
        "query": "query Policy($code: String!) {\n  policy(code: $code) {\n    name\n    expires\n    burnOrder\n    lateUsage\n    overage { mode rate }\n    breakage { method pool rate escheat }\n    estimates { from rate reason }\n  }\n}\n",
        "variables": {
          "code": "annual"
        }
      },
      {
        "name": "policies",
        "says": "All policies, and what becomes of use beyond the balance under each.",
        "query": "query Policies {\n  policies {\n    nodes { code name expires overage { mode rate } breakage { method } }\n  }\n}\n"
      },
      {
        "name": "pack",
        "says": "What a pack costs by volume.",
        "query": "query Pack($code: String!) {\n  pack(code: $code) {\n    name\n    currency\n    policy { code }\n    tiers { credits price { amount currency } }\n  }\n}\n",
        "variables": {
          "code": "credits"
        }
      },
      {
        "name": "pack-at",
        "says": "What a pack costs on a day to come: the version that is in force then.",
        "query": "query PackAt($code: String!, $at: DateTime!) {\n  pack(code: $code, at: $at) {\n    version { number effectiveFrom }\n    tiers { credits price { amount currency } }\n  }\n}\n",
        "variables": {
          "code": "credits",
          "at": "2027-06-01T00:00:00Z"
        }
      },
      {
        "name": "packs",
        "says": "What is for sale, for a page of prices.",
        "query": "query Packs {\n  packs { nodes { code name tiers { credits price { amount currency } } } }\n}\n"
      },
      {
        "name": "packQuote",
        "says": "What 9,999 credits cost, and that 10,000 cost less.",
        "query": "query Quote($code: String!, $credits: Credits!) {\n  packQuote(code: $code, credits: $credits) {\n    price { amount currency }\n    pricePerCredit { exact rounded places }\n    reason\n    next { credits price { amount } more difference { amount } saving { amount } }\n    hint\n  }\n}\n",
        "variables": {
          "code": "credits",
          "credits": "9999"
        }
      },
      {
        "name": "packQuote-budget",
        "says": "The most credits that 900.00 buys, and what is left over.",
        "query": "query Spend($code: String!, $budget: Decimal!) {\n  packQuote(code: $code, budget: $budget) {\n    credits\n    price { amount currency }\n    unspent { amount }\n    tier { credits price { amount } }\n    reason\n  }\n}\n",
        "variables": {
          "code": "credits",
          "budget": "900.00"
        }
      },
      {
        "name": "creditPrice",
        "says": "What a credit must cost where a call costs 0.001 to serve, takes one credit and is to leave 80 % of its price.",
        "query": "query PriceForMargin($cost: Decimal!, $margin: Decimal!) {\n  creditPrice(costPerUnit: $cost, margin: $margin) {\n    price { exact rounded places }\n    left { rounded }\n    margin { rounded }\n  }\n}\n",
        "variables": {
          "cost": "0.001",
          "margin": "0.8"
        }
      },
      {
        "name": "creditPrice-margin",
        "says": "The margin that a price leaves, where a page takes ten credits.",
        "query": "query MarginAtPrice($cost: Decimal!, $credits: Decimal!, $price: Decimal!) {\n  creditPrice(costPerUnit: $cost, creditsPerUnit: $credits, price: $price) {\n    costPerCredit { rounded }\n    pricePerUnit { rounded }\n    margin { exact rounded }\n  }\n}\n",
        "variables": {
          "cost": "0.03",
          "credits": "10",
          "price": "0.007"
        }
      },
      {
        "name": "meter",
        "says": "What a thousand tokens cost, and the latest event that was rated by it.",
        "query": "query Meter($code: String!) {\n  meter(code: $code) {\n    name\n    unit\n    credits\n    per\n    usageEvents(first: 1, reverse: true) {\n      nodes { eventId quantity credits occurredAt }\n    }\n  }\n}\n",
        "variables": {
          "code": "tokens_in"
        }
      },
      {
        "name": "meters",
        "says": "All meters.",
        "query": "query Meters {\n  meters { nodes { code name unit credits per } }\n}\n"
      },
      {
        "name": "rateCards",
        "says": "Every version of the rate card, the latest first, with what it says and why.",
        "query": "query RateCards {\n  rateCards(first: 10, reverse: true) {\n    nodes {\n      number\n      effectiveFrom\n      note\n      rates { meter { code } credits per cost { amount per } }\n    }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n"
      },
      {
        "name": "escheatRules",
        "says": "What the law of each jurisdiction claims today, and since when.",
        "query": "query Rules($on: Date) {\n  escheatRules(on: $on) {\n    nodes { jurisdiction from share dormancy reason createdBy }\n    totalCount\n  }\n}\n",
        "variables": {
          "on": "2026-01-09"
        }
      },
      {
        "name": "estimate",
        "says": "An estimate with its file, for whoever reviews it.",
        "query": "query ReviewEstimate($id: ID!) {\n  estimate(id: $id) {\n    status from rate method reason narrative proposedBy createdAt fileHash\n    attachments { name mediaType bytes sha256 path createdBy }\n    supersededBy { id from }\n  }\n}\n",
        "variables": {},
        "lookups": [
          {
            "variable": "id",
            "query": "{ policy(code: \"annual\") { estimates(status: PROPOSED) { id } } }"
          }
        ]
      },
      {
        "name": "estimateRun",
        "says": "How far a policy is from enough history for an estimate. Where it has enough, `evidence` is what came out.",
        "query": "query ComputeEstimate {\n  estimateRun(policy: \"annual\", run: {method: CHAIN_LADDER, seed: 1, through: \"2025-12\"}) {\n    through\n    evidence { point low high constrained rate triangle { cohort customers sold cells ultimate breakage } explanation { steps { name formula figure } } hash }\n    findings { check severity figure threshold }\n  }\n}\n"
      },
      {
        "name": "estimateRun-refused",
        "says": "Too little history: the findings say which threshold was missed. Otherwise `evidence` has what came out. Nothing is written.",
        "query": "query ComputeEstimate {\n  estimateRun(policy: \"annual\", run: {method: BORNHUETTER_FERGUSON, seed: 1}) {\n    through dataAsOf dataHash\n    evidence { point low high constrained rate triangle { cohort customers sold cells ultimate breakage } explanation { steps { name formula figure } } hash }\n    findings { check severity figure threshold }\n    userErrors { code message }\n  }\n}\n"
      },
      {
        "name": "estimates",
        "says": "What waits for a second person, with what it rests on.",
        "query": "query WaitingEstimates {\n  estimates(status: PROPOSED, first: 10) {\n    nodes { id policy { code } rate from method narrative proposedBy fileHash attachments { name bytes sha256 path } }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n"
      },
      {
        "name": "fxRates",
        "says": "What a euro was, the latest day first.",
        "query": "query Rates {\n  fxRates(currency: EUR, reverse: true, first: 5) {\n    nodes { day rate source createdBy }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n"
      },
      {
        "name": "rateCard",
        "says": "What units of every meter come to now, and by which version of the rate card.",
        "query": "query RatesNow {\n  rateCard {\n    rateCard { number effectiveFrom }\n    rates { meter { code unit } credits per cost { amount per } from }\n  }\n}\n"
      },
      {
        "name": "policyCreate",
        "says": "Adds a policy: credits lapse after twelve months, half of what is left then lives on for three more, use may arrive three days late, and what is expected to lapse is earned in proportion to use.",
        "query": "mutation AddPolicy($input: PolicyCreateInput!, $key: String!) {\n  policyCreate(input: $input, idempotencyKey: $key) {\n    policy { id code expires rollover { share extend } burnOrder breakage { method pool rate } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "code": "standard",
            "name": "Twelve months",
            "expires": "P12M",
            "lateUsage": "P3D",
            "rollover": {
              "share": "0.5",
              "extend": "P3M"
            },
            "breakage": {
              "method": "PROPORTIONAL",
              "rate": "0.05"
            }
          },
          "key": "policy-standard"
        }
      },
      {
        "name": "policyCreate-refused",
        "says": "Credits that lapse within 30 days are refused unless somebody says why.",
        "query": "mutation AddShortPolicy($input: PolicyCreateInput!, $key: String!) {\n  policyCreate(input: $input, idempotencyKey: $key) {\n    policy { id }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "code": "weekend",
            "expires": "P2D"
          },
          "key": "policy-weekend"
        }
      },
      {
        "name": "estimatePropose",
        "says": "Proposes a new estimate of breakage. It changes no figure before somebody else approves it.",
        "query": "mutation ProposeEstimate($input: EstimateProposeInput!, $key: String!) {\n  estimatePropose(input: $input, idempotencyKey: $key) {\n    estimate { id status from rate method reason proposedBy fileHash policy { code } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "policy": "standard",
            "rate": "0.06",
            "reason": "The first cohorts show 6 %"
          },
          "key": "estimate-2026-01"
        }
      },
      {
        "name": "estimateApprove",
        "says": "Approves what somebody else has proposed. The next run of the jobs measures the pools again and books the catch-up.",
        "query": "mutation ApproveEstimate($id: ID!, $input: EstimateDecideInput!, $key: String!) {\n  estimateApprove(estimateId: $id, input: $input, idempotencyKey: $key) {\n    estimate { status from rate proposedBy decidedBy decidedAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "Checked against the cohort of 2025"
          },
          "key": "approve-2026-01"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ policy(code: \"annual\") { estimates(status: PROPOSED) { id } } }"
          }
        ]
      },
      {
        "name": "estimateApprove-refused",
        "says": "Nobody approves what they have proposed themselves: two persons are needed.",
        "query": "mutation ApproveOwnEstimate($id: ID!, $key: String!) {\n  estimateApprove(estimateId: $id, idempotencyKey: $key) {\n    estimate { status }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "key": "approve-own"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ policy(code: \"standard\") { estimates(status: PROPOSED) { id } } }"
          }
        ]
      },
      {
        "name": "estimateReject",
        "says": "Rejects an estimate that was proposed, or takes one's own back.",
        "query": "mutation RejectEstimate($id: ID!, $input: EstimateDecideInput!, $key: String!) {\n  estimateReject(estimateId: $id, input: $input, idempotencyKey: $key) {\n    estimate { status decidedBy decidedAt decision }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "The first cohorts are too few"
          },
          "key": "reject-2026-01"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ policy(code: \"standard\") { estimates(status: PROPOSED) { id } } }"
          }
        ]
      },
      {
        "name": "packCreate",
        "says": "Puts credits up for sale: 1,000 for 100.00, and from 10,000 on 0.08 each.",
        "query": "mutation AddPack($input: PackCreateInput!, $key: String!) {\n  packCreate(input: $input, idempotencyKey: $key) {\n    pack { id code currency tiers { credits price { amount currency } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "code": "standard",
            "policy": "standard",
            "tiers": [
              {
                "credits": "1000",
                "price": "100.00"
              },
              {
                "credits": "10000",
                "price": "800.00"
              }
            ]
          },
          "key": "pack-standard"
        }
      },
      {
        "name": "packRevise",
        "says": "A dearer price list from next month on. What is sold before keeps the price of its day.",
        "query": "mutation RaisePrices($code: String!, $input: PackReviseInput!, $key: String!) {\n  packRevise(code: $code, input: $input, idempotencyKey: $key) {\n    pack {\n      code\n      versions { number effectiveFrom retired reason tiers { credits price { amount currency } } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "code": "credits",
          "input": {
            "effectiveFrom": "2027-01-01T00:00:00Z",
            "tiers": [
              {
                "credits": "1000",
                "price": "110.00"
              },
              {
                "credits": "10000",
                "price": "850.00"
              }
            ],
            "reason": "Price list of 2027"
          },
          "key": "pack-credits-2027"
        }
      },
      {
        "name": "packRetire",
        "says": "Takes a pack off sale: from that instant on a sale of it is refused with PACK_RETIRED.",
        "query": "mutation RetirePack($code: String!, $input: PackRetireInput! = {}, $key: String!) {\n  packRetire(code: $code, input: $input, idempotencyKey: $key) {\n    pack { code retiredFrom version { number retired } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "code": "credits-eur",
          "input": {
            "from": "2027-01-01T00:00:00Z",
            "reason": "Sold in dollars alone"
          },
          "key": "pack-credits-eur-retired"
        }
      },
      {
        "name": "meterCreate",
        "says": "Rates images: each costs four credits.",
        "query": "mutation AddMeter($input: MeterCreateInput!, $key: String!) {\n  meterCreate(input: $input, idempotencyKey: $key) {\n    meter { id code unit credits per }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "code": "images",
            "name": "Images made",
            "unit": "image",
            "credits": "4"
          },
          "key": "meter-images"
        }
      },
      {
        "name": "rateCardPublish",
        "says": "What tokens come to from next year on, and what they cost to serve. What was used before keeps its rate.",
        "query": "mutation PublishRates($input: RateCardPublishInput!, $key: String!) {\n  rateCardPublish(input: $input, idempotencyKey: $key) {\n    rateCard {\n      number\n      effectiveFrom\n      rates { meter { code } credits per cost { amount per } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "effectiveFrom": "2027-01-01T00:00:00Z",
            "rates": [
              {
                "meter": "tokens_out",
                "credits": "5",
                "per": "1000",
                "cost": {
                  "amount": "0.0042",
                  "per": "1000"
                }
              }
            ],
            "note": "The larger model"
          },
          "key": "rates-2027"
        }
      },
      {
        "name": "escheatRuleSet",
        "says": "Says that Delaware claims all breakage of its customers from a day on, due five years after the lapse.",
        "query": "mutation SetRule($input: EscheatRuleInput!, $key: String!) {\n  escheatRuleSet(input: $input, idempotencyKey: $key) {\n    rule { jurisdiction from share dormancy reason }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "jurisdiction": "US-DE",
            "share": "1",
            "dormancy": "P5Y",
            "reason": "12 Del. C. § 1133"
          },
          "key": "escheat-us-de-2026"
        }
      },
      {
        "name": "fxRateSet",
        "says": "Sets two rates of a day: what one euro and one yen are in the currency of the book.",
        "query": "mutation SetRates($rates: [FxRateInput!]!, $key: String!) {\n  fxRateSet(rates: $rates, idempotencyKey: $key) {\n    rates { currency day rate source createdAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "rates": [
            {
              "currency": "EUR",
              "day": "2026-01-09",
              "rate": "1.0842",
              "source": "ECB reference rate"
            },
            {
              "currency": "JPY",
              "day": "2026-01-09",
              "rate": "0.00671",
              "source": "ECB reference rate"
            }
          ],
          "key": "rates-2026-01-09"
        }
      },
      {
        "name": "glAccountsSet",
        "says": "Gives two accounts their codes in the general ledger, from a day on.",
        "query": "mutation SetCodes($accounts: [GlAccountInput!]!, $key: String!) {\n  glAccountsSet(accounts: $accounts, idempotencyKey: $key) {\n    codes { code name subtype parent from reason createdBy }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "accounts": [
            {
              "account": "DEFERRED_REVENUE",
              "code": "24000",
              "name": "Deferred revenue, credits",
              "subtype": "Other Current Liability",
              "from": "2026-02-01",
              "reason": "New chart of accounts"
            },
            {
              "account": "CASH",
              "code": "01000",
              "name": "Cash at bank",
              "parent": "01",
              "from": "2026-02-01"
            }
          ],
          "key": "chart-2026"
        }
      }
    ]
  },
  {
    "title": "Purchases and grants",
    "examples": [
      {
        "name": "purchase",
        "says": "A purchase with its lot and its entries: an invoice that was due before it was paid.",
        "query": "query Purchase($id: ID!) {\n  purchase(id: $id) {\n    reference\n    status\n    credits\n    price { amount currency }\n    purchasedAt\n    dueOn\n    paidAt\n    lot { granted drawn carrying { amount } }\n    entries {\n      nodes {\n        number\n        kind\n        accountingDate\n        lines { account { role } debit { amount } credit { amount } }\n      }\n    }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(customer: \"granite-peak\", first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "purchases",
        "says": "What was refunded, newest first.",
        "query": "query Refunded($status: PurchaseStatus) {\n  purchases(status: $status, first: 10, reverse: true) {\n    totalCount\n    nodes {\n      customer { externalId }\n      purchasedAt\n      refundedAt\n      price { amount currency }\n      refundAmount { amount }\n    }\n  }\n}\n",
        "variables": {
          "status": "REFUNDED"
        }
      },
      {
        "name": "purchaseCreate",
        "says": "Sells 10,000 credits of a pack, paid at once: cash against deferred revenue.",
        "query": "mutation Sell($input: PurchaseCreateInput!, $key: String!) {\n  purchaseCreate(input: $input, idempotencyKey: $key) {\n    purchase {\n      id\n      status\n      price { amount currency }\n      lot { id granted expiresAt }\n      entries {\n        nodes {\n          number\n          lines { account { role } debit { amount } credit { amount } }\n        }\n      }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "pack": "standard",
            "credits": "10000",
            "purchasedAt": "2026-01-11T09:00:00Z",
            "reference": "INV-2026-0012"
          },
          "key": "INV-2026-0012"
        }
      },
      {
        "name": "purchaseCreate-bonus",
        "says": "Sells with a bonus that lapses by itself: 100.00 alone against 15.00 at 80 %, so 89.29 and 10.71 (ASC 606, Example 49).",
        "query": "mutation SellWithBonus($input: PurchaseCreateInput!, $key: String!) {\n  purchaseCreate(input: $input, idempotencyKey: $key) {\n    purchase {\n      price { amount currency }\n      lots { nodes { granted expiresAt price { amount currency } } }\n      bonusTerms { likelihood price { amount } standAlonePrice { amount } bonusStandAlonePrice { amount } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "policy": "standard",
            "credits": "100",
            "price": "100.00",
            "bonus": "15",
            "bonusTerms": {
              "expiresAfter": "P90D",
              "likelihood": "0.8",
              "standAlonePrice": "15.00"
            }
          },
          "key": "INV-2026-0049"
        }
      },
      {
        "name": "purchaseCreate-cancellable",
        "says": "Sells credits by an invoice that the customer may still cancel: no liability before it is paid.",
        "query": "mutation Offer($input: PurchaseCreateInput!, $key: String!) {\n  purchaseCreate(input: $input, idempotencyKey: $key) {\n    purchase { status cancellable lot { granted liabilityOn } entries { totalCount } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "harborlight",
            "policy": "annual",
            "credits": "5000",
            "price": "250.00",
            "invoiced": true,
            "cancellable": true,
            "reference": "INV-2026-0014"
          },
          "key": "order-INV-2026-0014"
        }
      },
      {
        "name": "purchaseCreate-invoiced",
        "says": "Sells a deal of its own price by invoice: nothing is booked before the day on which it falls due.",
        "query": "mutation SellByInvoice($input: PurchaseCreateInput!, $key: String!) {\n  purchaseCreate(input: $input, idempotencyKey: $key) {\n    purchase {\n      id\n      status\n      dueOn\n      price { amount currency }\n      tax { amount }\n      entries { totalCount }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "policy": "standard",
            "credits": "20000",
            "bonus": "2000",
            "price": "1500.00",
            "tax": "285.00",
            "invoiced": true,
            "dueOn": "2026-02-11",
            "reference": "INV-2026-0013"
          },
          "key": "INV-2026-0013"
        }
      },
      {
        "name": "purchaseCreate-late",
        "says": "Records a sale of last year that nobody had recorded, whose credits have lapsed meanwhile.",
        "query": "mutation SellLate($input: PurchaseCreateInput!, $key: String!) {\n  purchaseCreate(input: $input, idempotencyKey: $key) {\n    purchase { purchasedAt lot { startsAt expiresAt unused } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "harborlight",
            "policy": "annual",
            "credits": "3000",
            "price": "240.00",
            "purchasedAt": "2025-06-02T09:00:00Z",
            "expiresAt": "2026-01-01T00:00:00Z",
            "reference": "INV-2025-0977"
          },
          "key": "INV-2025-0977"
        }
      },
      {
        "name": "purchaseCreate-refused",
        "says": "Money is a string: a number would have been through a float. A currency has its own count of decimals.",
        "query": "mutation SellAtNoPrice($input: PurchaseCreateInput!, $key: String!) {\n  purchaseCreate(input: $input, idempotencyKey: $key) {\n    purchase { id }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "policy": "standard",
            "credits": "100",
            "price": "19.995"
          },
          "key": "INV-2026-0014"
        }
      },
      {
        "name": "purchasePay",
        "says": "Books the payment of an invoice.",
        "query": "mutation Pay($id: ID!, $key: String!) {\n  purchasePay(purchaseId: $id, idempotencyKey: $key) {\n    purchase {\n      reference\n      status\n      paidAt\n      entries {\n        nodes {\n          kind\n          lines { account { role } debit { amount } credit { amount } }\n        }\n      }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "key": "payment-INV-2026-0013"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(customer: \"acme\", status: INVOICED, first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "purchaseVoid",
        "says": "Calls off an invoice that will not be paid.",
        "query": "mutation Void($id: ID!, $input: PurchaseVoidInput!, $key: String!) {\n  purchaseVoid(purchaseId: $id, input: $input, idempotencyKey: $key) {\n    purchase {\n      status\n      voidedAt\n      lot { granted drawn removed changes { kind day credits amount { amount } reason } }\n      entries { nodes { kind lines { account { role } debit { amount } credit { amount } } } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "Ordered twice"
          },
          "key": "void-INV-2026-0014"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(status: INVOICED, first: 1, reverse: true) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "purchaseRefund",
        "says": "Takes back what is unused of a purchase and pays for it.",
        "query": "mutation Refund($id: ID!, $input: PurchaseRefundInput!, $key: String!) {\n  purchaseRefund(purchaseId: $id, input: $input, idempotencyKey: $key) {\n    purchase {\n      status\n      refundedAt\n      refundAmount { amount currency }\n      lot { granted drawn refunded refundedAmount { amount } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "amount": "1500.00",
            "reason": "Ordered twice"
          },
          "key": "refund-INV-2026-0013"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(customer: \"acme\", status: PAID, first: 1, reverse: true) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "purchaseDispute",
        "says": "The bank claims a payment back; until it decides, the credits serve no use.",
        "query": "mutation Dispute($id: ID!, $input: PurchaseDisputeInput!, $key: String!) {\n  purchaseDispute(purchaseId: $id, input: $input, idempotencyKey: $key) {\n    purchase { status dispute disputedAt disputeAmount { amount currency } lot { unused blocked } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "outcome": "OPEN",
            "amount": "10.00",
            "reason": "Case 4711"
          },
          "key": "case-4711-open"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(customer: \"willowbrook\", status: PAID, first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "purchaseDispute-lost",
        "says": "The bank decides for the customer: what is unused leaves deferred revenue, the rest of the amount stands against revenue.",
        "query": "mutation Lose($id: ID!, $input: PurchaseDisputeInput!, $key: String!) {\n  purchaseDispute(purchaseId: $id, input: $input, idempotencyKey: $key) {\n    purchase {\n      dispute\n      lostAmount { amount currency }\n      lot { drawn removed blocked changes { kind credits amount { amount } } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "outcome": "LOST"
          },
          "key": "case-4711-lost"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(customer: \"willowbrook\", status: PAID, first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "purchaseExtend",
        "says": "Gives a customer half a year more.",
        "query": "mutation Extend($id: ID!, $input: PurchaseExtendInput!, $key: String!) {\n  purchaseExtend(purchaseId: $id, input: $input, idempotencyKey: $key) {\n    purchase { lot { startsAt expiresAt lapsesOn changes { kind day reason } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "expiresAfter": "P36M",
            "treatment": "PROSPECTIVE",
            "reason": "Approved by the controller: the school was closed"
          },
          "key": "extend-willowbrook"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(customer: \"willowbrook\", status: PAID, first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "purchaseReinstate",
        "says": "Gives credits back that lapsed: their part of the breakage is deferred again.",
        "query": "mutation Reinstate($id: ID!, $input: PurchaseReinstateInput!, $key: String!) {\n  purchaseReinstate(purchaseId: $id, input: $input, idempotencyKey: $key) {\n    lot { granted price { amount } expiresAt origin { id } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "credits": "100",
            "expiresAfter": "P3M",
            "treatment": "PRICE_CONCESSION",
            "reason": "Approved by the controller"
          },
          "key": "reinstate-harborlight"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ purchases(customer: \"harborlight\", status: PAID, first: 1, reverse: true) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "grantCreate",
        "says": "Gives 500 credits for three months, to make up for an outage. They cost nothing, so nothing is booked.",
        "query": "mutation Give($input: GrantCreateInput!, $key: String!) {\n  grantCreate(input: $input, idempotencyKey: $key) {\n    lot { id kind reason granted expiresAt price { amount } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "policy": "standard",
            "credits": "500",
            "reason": "GOODWILL",
            "expiresAfter": "P3M"
          },
          "key": "goodwill-acme"
        }
      }
    ]
  },
  {
    "title": "Lots",
    "examples": [
      {
        "name": "lot",
        "says": "A lot: what is left, what was earned, what it still carries, and its last day of use.",
        "query": "query Lot($id: ID!) {\n  lot(id: $id) {\n    kind\n    granted\n    drawn\n    unused\n    price { amount currency }\n    recognised { amount }\n    carrying { amount }\n    startsAt\n    expiresAt\n    draws(first: 1, reverse: true) { nodes { day credits } }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ lots(customer: \"larkspur-labs\", first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "lots",
        "says": "A customer's lots with credits left, the way a balance page lists them.",
        "query": "query OpenLots($customer: String, $openAt: DateTime) {\n  lots(customer: $customer, openAt: $openAt) {\n    nodes { kind granted remaining startsAt expiresAt }\n  }\n}\n",
        "variables": {
          "customer": "ember-street",
          "openAt": "2026-01-12T00:00:00Z"
        }
      },
      {
        "name": "lapsing",
        "says": "Who loses credits within thirty days, and the money they carry.",
        "query": "query Lapsing($withinDays: Int!) {\n  lapsing(withinDays: $withinDays, first: 3) {\n    totalCount\n    nodes {\n      customer { externalId }\n      unused\n      expiresAt\n      carrying { amount currency }\n    }\n  }\n}\n",
        "variables": {
          "withinDays": 30
        }
      },
      {
        "name": "expiring",
        "says": "The list to call from: who loses most within ninety days, and when.",
        "query": "query Expiring($to: Date!) {\n  expiring(to: $to, sort: CARRYING, reverse: true, first: 5) {\n    totalCount\n    nodes {\n      customer { externalId name }\n      day\n      credits\n      carrying { amount currency }\n    }\n  }\n}\n",
        "variables": {
          "to": "2026-04-12"
        }
      },
      {
        "name": "expiringMonths",
        "says": "What lapses within a year if nobody uses it, month by month.",
        "query": "query ExpiringMonths($to: Date!) {\n  expiringMonths(to: $to) { month currency customers lots credits functionalCarrying { amount currency } }\n}\n",
        "variables": {
          "to": "2026-12-31"
        }
      },
      {
        "name": "creditsTransfer",
        "says": "One school gives credits to another: they keep what was paid for them, and when they lapse.",
        "query": "mutation Move($input: CreditsTransferInput!, $key: String!) {\n  creditsTransfer(input: $input, idempotencyKey: $key) {\n    lots { customer { externalId } granted price { amount currency } startsAt expiresAt carrying { amount } origin { customer { externalId } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "from": "willowbrook",
            "to": "harborlight",
            "credits": "250",
            "reason": "The schools merge"
          },
          "key": "move-willowbrook-harborlight"
        }
      }
    ]
  },
  {
    "title": "Usage",
    "examples": [
      {
        "name": "usageEvent",
        "says": "An event, and the lots it drew on.",
        "query": "query UsageEvent($id: ID!) {\n  usageEvent(id: $id) {\n    source\n    eventId\n    meter { code }\n    quantity\n    credits\n    occurredAt\n    draws { credits lot { kind overageRate } }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ usageEvents(customer: \"tidepool-media\", first: 1, reverse: true) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "usageEvents",
        "says": "A customer's use of a day, for a page of usage.",
        "query": "query UsageOfADay($customer: String, $from: DateTime, $before: DateTime) {\n  usageEvents(customer: $customer, from: $from, before: $before) {\n    totalCount\n    nodes { eventId meter { code } quantity credits occurredAt }\n  }\n}\n",
        "variables": {
          "customer": "foxglove",
          "from": "2026-01-08T00:00:00Z",
          "before": "2026-01-09T00:00:00Z"
        }
      },
      {
        "name": "draws",
        "says": "The latest draws of a customer.",
        "query": "query Draws($customer: String!) {\n  draws(customer: $customer, first: 2, reverse: true) {\n    nodes { day credits event { eventId } lot { kind expiresAt } }\n  }\n}\n",
        "variables": {
          "customer": "foxglove"
        }
      },
      {
        "name": "usageRecord",
        "says": "Meters what was used. The ids are yours: send it twice, and the second answer says DUPLICATE and changes nothing.",
        "query": "mutation Use($events: [UsageEventInput!]!) {\n  usageRecord(events: $events) {\n    recorded\n    duplicates\n    rejected\n    outcomes {\n      eventId\n      status\n      event { credits }\n      draws { credits lot { remaining } }\n      error { field code message }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "events": [
            {
              "id": "req-1",
              "customer": "acme",
              "meter": "images",
              "quantity": "120",
              "occurredAt": "2026-01-11T18:17:03Z"
            },
            {
              "id": "req-2",
              "customer": "acme",
              "credits": "2.5",
              "occurredAt": "2026-01-11T18:20:00Z"
            }
          ]
        }
      },
      {
        "name": "usageRecord-dimensions",
        "says": "Says by what reports are to tell use apart: which team, which model.",
        "query": "mutation UseByTeam($events: [UsageEventInput!]!) {\n  usageRecord(events: $events) {\n    outcomes {\n      eventId\n      status\n      event { credits dimensions { key value } rateCard { number } }\n      error { field code message }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "events": [
            {
              "id": "req-3",
              "customer": "acme",
              "credits": "7",
              "dimensions": [
                {
                  "key": "team",
                  "value": "research"
                },
                {
                  "key": "model",
                  "value": "large"
                }
              ]
            }
          ]
        }
      },
      {
        "name": "usageRecord-refused",
        "says": "An event that is refused leaves the others standing.",
        "query": "mutation UseTooMuch($events: [UsageEventInput!]!) {\n  usageRecord(events: $events) {\n    recorded\n    rejected\n    outcomes { eventId status error { field code message } }\n    userErrors { code }\n  }\n}\n",
        "variables": {
          "events": [
            {
              "id": "req-3",
              "customer": "acme",
              "credits": "1"
            },
            {
              "id": "req-4",
              "customer": "acme",
              "credits": "100000"
            },
            {
              "id": "req-5",
              "customer": "nobody",
              "credits": "1"
            }
          ]
        }
      },
      {
        "name": "usageVoid",
        "says": "Takes an event back: its credits return to the lots it drew on.",
        "query": "mutation TakeBack($event: UsageEventKey!, $input: UsageVoidInput!, $key: String!) {\n  usageVoid(event: $event, input: $input, idempotencyKey: $key) {\n    event {\n      credits\n      voidOf { eventId credits }\n      draws { credits lot { remaining } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "event": {
            "customer": "acme",
            "id": "req-2"
          },
          "input": {
            "reason": "Counted by mistake"
          },
          "key": "void-req-2"
        }
      }
    ]
  },
  {
    "title": "Holds",
    "examples": [
      {
        "name": "hold",
        "says": "A hold: whose credits of which lots it keeps, and until when.",
        "query": "query Hold($id: ID!) {\n  hold(id: $id) {\n    reference\n    status\n    credits\n    parts { credits lot { kind unused } }\n    createdAt\n    endsAt\n    event { eventId }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ holds(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "holds",
        "says": "What is held now, by customer and job.",
        "query": "query Holds {\n  holds(status: ACTIVE, first: 10) {\n    nodes { reference credits endsAt customer { externalId balance { credits held } } }\n    totalCount\n  }\n}\n"
      },
      {
        "name": "holdCreate",
        "says": "Keeps credits for a job before it starts: nobody else can use them until it says what it took, or an hour is over.",
        "query": "mutation Hold($input: HoldCreateInput!, $key: String!) {\n  holdCreate(input: $input, idempotencyKey: $key) {\n    hold {\n      id\n      credits\n      status\n      endsAt\n      parts { credits lot { granted unused } }\n      customer { balance { credits held } }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "credits": "250",
            "expiresAfter": "PT2H",
            "reference": "render-77"
          },
          "key": "hold-render-77"
        }
      },
      {
        "name": "holdCreate-refused",
        "says": "More than can be used now cannot be held.",
        "query": "mutation HoldTooMuch($input: HoldCreateInput!, $key: String!) {\n  holdCreate(input: $input, idempotencyKey: $key) {\n    hold { id }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "credits": "100000"
          },
          "key": "hold-render-78"
        }
      },
      {
        "name": "holdCapture",
        "says": "Ends the hold with what the job took: less than was held, and the rest is free at once.",
        "query": "mutation Capture($id: ID!, $input: HoldCaptureInput!, $key: String!) {\n  holdCapture(holdId: $id, input: $input, idempotencyKey: $key) {\n    hold { status credits endedAt }\n    event { eventId credits draws { credits lot { remaining } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "id": "render-77",
            "credits": "180.25"
          },
          "key": "capture-render-77"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ holds(customer: \"acme\", status: ACTIVE, first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "holdRelease",
        "says": "Gives a hold up, for its job was called off.",
        "query": "mutation Release($id: ID!, $input: HoldReleaseInput!, $key: String!) {\n  holdRelease(holdId: $id, input: $input, idempotencyKey: $key) {\n    hold { status reason customer { balance { held } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "Called off"
          },
          "key": "release-tiles-2026-01"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ holds(customer: \"kestrel-maps\", status: ACTIVE, first: 1) { nodes { id } } }"
          }
        ]
      }
    ]
  },
  {
    "title": "Budgets",
    "examples": [
      {
        "name": "budget",
        "says": "A budget, and what it allowed when.",
        "query": "query Budget($id: ID!) {\n  budget(id: $id) {\n    name\n    dimension { key value }\n    per\n    versions { number from limit mode reason }\n    customer { balance { budgets { name spent held left over from to } } }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ customer(externalId: \"kestrel-maps\") { budgets { id } } }"
          }
        ]
      },
      {
        "name": "budgetCreate",
        "says": "Team research may use 500 credits a month, and no more.",
        "query": "mutation Divide($input: BudgetCreateInput!, $key: String!) {\n  budgetCreate(input: $input, idempotencyKey: $key) {\n    budget { name dimension { key value } per versions { number from limit mode } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "customer": "acme",
            "name": "Research",
            "dimension": {
              "key": "team",
              "value": "research"
            },
            "limit": "500",
            "per": "MONTH",
            "mode": "HARD"
          },
          "key": "budget-acme-research"
        }
      },
      {
        "name": "budgetUpdate",
        "says": "From February on research may use more.",
        "query": "mutation Raise($id: ID!, $input: BudgetUpdateInput!, $key: String!) {\n  budgetUpdate(budgetId: $id, input: $input, idempotencyKey: $key) {\n    budget { versions { number from limit mode reason } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "limit": "800",
            "from": "2026-02-01",
            "reason": "Two more people"
          },
          "key": "budget-acme-research-2"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ customer(externalId: \"acme\") { budgets { id } } }"
          }
        ]
      },
      {
        "name": "budgetEnd",
        "says": "At the end of June the project is over.",
        "query": "mutation EndBudget($id: ID!, $input: BudgetEndInput!, $key: String!) {\n  budgetEnd(budgetId: $id, input: $input, idempotencyKey: $key) {\n    budget { versions { number from ended } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "from": "2026-07-01"
          },
          "key": "budget-acme-research-3"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ customer(externalId: \"acme\") { budgets { id } } }"
          }
        ]
      }
    ]
  },
  {
    "title": "Revenue and journal",
    "examples": [
      {
        "name": "recognition",
        "says": "Why a figure is what it is: rule, paragraph, formula and inputs, down to the events.",
        "query": "query Recognition($id: ID!) {\n  recognition(id: $id) {\n    kind\n    day\n    credits\n    amount { amount currency }\n    explanation { rule paragraph formula inputs { name value } }\n    draws { nodes { credits event { eventId } } }\n    entry { number }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ recognitions(customer: \"larkspur-labs\", first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "recognitions",
        "says": "What lapsed in January, newest first.",
        "query": "query Lapsed($kind: RecognitionKind, $from: Date, $to: Date) {\n  recognitions(kind: $kind, from: $from, to: $to, first: 3, reverse: true) {\n    totalCount\n    nodes {\n      day\n      customer { externalId }\n      credits\n      revenue { amount currency }\n      unclaimed { amount }\n      entry { number }\n    }\n  }\n}\n",
        "variables": {
          "kind": "BREAKAGE_EXPIRY",
          "from": "2026-01-01",
          "to": "2026-01-31"
        }
      },
      {
        "name": "entry",
        "says": "An entry of the journal and the recognitions that it sums.",
        "query": "query Entry($number: Int!) {\n  entry(number: $number) {\n    kind\n    accountingDate\n    description\n    lines {\n      account { role }\n      debit { amount currency }\n      credit { amount currency }\n    }\n    recognitions(first: 2) {\n      totalCount\n      nodes { customer { externalId } credits amount { amount } }\n    }\n  }\n}\n",
        "variables": {
          "number": 100
        }
      },
      {
        "name": "entries",
        "says": "The journal page by page: give `after` the cursor where the page before ended.",
        "query": "query Journal($from: Date, $to: Date, $after: String) {\n  entries(from: $from, to: $to, first: 2, after: $after) {\n    nodes {\n      number\n      kind\n      accountingDate\n      lines { account { role } amount { amount currency } }\n    }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n",
        "variables": {
          "from": "2026-01-01",
          "to": "2026-01-31"
        }
      },
      {
        "name": "manualEntry",
        "says": "What there is to see before an entry is approved: its lines, why it is booked, and its papers.",
        "query": "query ManualEntry($id: ID!) {\n  manualEntry(id: $id) {\n    accountingDate\n    reason\n    controlAccounts\n    lines { account { role control } side amount { amount currency } functionalAmount { amount currency } }\n    attachments { name sha256 path }\n    reversal { id }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ manualEntries(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "manualEntries",
        "says": "What people booked by hand, and what waits for a second person.",
        "query": "query ManualEntries($status: ManualEntryStatus) {\n  manualEntries(status: $status, first: 2) {\n    nodes { id status accountingDate description reason proposedBy decidedBy entry { number } }\n    totalCount\n  }\n}\n",
        "variables": {
          "status": "PROPOSED"
        }
      },
      {
        "name": "accounts",
        "says": "The chart of accounts, with the codes of the general ledger that are in force today.",
        "query": "query Accounts {\n  accounts { role name class naturalSide glCode glName glCodes { code from } }\n}\n"
      },
      {
        "name": "manualEntryPropose",
        "says": "An accrual at the end of a month that the jobs take back on the first of the next.",
        "query": "mutation ProposeEntry($input: ManualEntryProposeInput!, $key: String!) {\n  manualEntryPropose(input: $input, idempotencyKey: $key) {\n    manualEntry { id status accountingDate reverseOn lines { account { role } side amount { amount currency } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "accountingDate": "2025-11-30",
            "description": "Chargebacks expected",
            "reason": "Two disputes of November are open at the card network",
            "reverseOn": "2025-12-01",
            "lines": [
              {
                "account": "DISPUTES",
                "side": "DEBIT",
                "amount": "80"
              },
              {
                "account": "REFUND_LIABILITY",
                "side": "CREDIT",
                "amount": "80"
              }
            ]
          },
          "key": "disputes-2025-11"
        }
      },
      {
        "name": "manualEntryPropose-refused",
        "says": "What lots, pools and purchases derive is not booked by hand unless somebody says why.",
        "query": "mutation ProposeWithoutSaying($input: ManualEntryProposeInput!, $key: String!) {\n  manualEntryPropose(input: $input, idempotencyKey: $key) {\n    manualEntry { id }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "accountingDate": "2025-12-31",
            "description": "Revenue of December",
            "reason": "It looks low",
            "lines": [
              {
                "account": "DEFERRED_REVENUE",
                "side": "DEBIT",
                "amount": "500"
              },
              {
                "account": "USAGE_REVENUE",
                "side": "CREDIT",
                "amount": "500"
              }
            ]
          },
          "key": "revenue-2025-12"
        }
      },
      {
        "name": "manualEntryApprove",
        "says": "Puts an entry into the journal that somebody else proposed.",
        "query": "mutation ApproveEntry($id: ID!, $input: ManualEntryApproveInput!, $key: String!) {\n  manualEntryApprove(manualEntryId: $id, input: $input, idempotencyKey: $key) {\n    manualEntry { status proposedBy decidedBy entry { kind accountingDate lines { account { role } debit { amount } credit { amount } } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "The promises are in the tickets"
          },
          "key": "refunds-2025-approved"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ manualEntries(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "manualEntryReject",
        "says": "Turns an entry down, or takes one's own proposal back.",
        "query": "mutation RejectEntry($id: ID!, $input: ManualEntryDecideInput!, $key: String!) {\n  manualEntryReject(manualEntryId: $id, input: $input, idempotencyKey: $key) {\n    manualEntry { status decidedBy decision }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "The network closed both in our favour"
          },
          "key": "disputes-2025-11-rejected"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ manualEntries(first: 1, status: PROPOSED) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "manualEntryReverse",
        "says": "Proposes to take an entry back: its lines the other way round, which somebody else approves.",
        "query": "mutation ReverseEntry($id: ID!, $input: ManualEntryReverseInput!, $key: String!) {\n  manualEntryReverse(manualEntryId: $id, input: $input, idempotencyKey: $key) {\n    manualEntry { id kind status accountingDate reverses { id entry { number } } lines { account { role } side amount { amount } } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "accountingDate": "2025-12-31",
            "reason": "All three were refunded after all"
          },
          "key": "refunds-2025-reversed"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ manualEntries(first: 1, status: APPROVED) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "entriesPosted",
        "says": "A journal that grows before one's eyes; the first event says where it stands.",
        "query": "subscription EntriesPosted {\n  entriesPosted { count first { number } last { number accountingDate } }\n}\n"
      }
    ]
  },
  {
    "title": "Reports",
    "examples": [
      {
        "name": "cohorts",
        "says": "Draws the redemption curve of each month of a policy: which share of what was sold was used by which age.",
        "query": "query Cohorts($policy: String!) {\n  cohorts(policy: $policy, first: 3) {\n    nodes {\n      month\n      pack { code }\n      segment\n      sold\n      used\n      lapsed\n      open\n      redeemedShare\n      ages { age month usedToDate redeemedShare }\n    }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n",
        "variables": {
          "policy": "annual"
        }
      },
      {
        "name": "reports",
        "says": "Which reports are files too, where they are read, and what they ask.",
        "query": "query Reports {\n  reports {\n    name about csvPath ofNowAlone\n    parameters { name kind required }\n  }\n}\n"
      },
      {
        "name": "trialBalance",
        "says": "What every account did in December.",
        "query": "query TrialBalance($from: Period, $to: Period) {\n  trialBalance(from: $from, to: $to) {\n    rows {\n      account { role }\n      currency\n      opening { amount }\n      debits { amount }\n      credits { amount }\n      closing { amount }\n    }\n  }\n}\n",
        "variables": {
          "from": "2025-12",
          "to": "2025-12"
        }
      },
      {
        "name": "accountActivity",
        "says": "What moved deferred revenue in December, line by line; the next page goes on from endCursor.",
        "query": "query Activity($account: AccountRole!, $from: Date!, $to: Date!) {\n  accountActivity(account: $account, from: $from, to: $to, first: 5) {\n    asOf postedThrough hasNextPage endCursor\n    balances { currency opening { amount } closing { amount } functionalClosing { amount } }\n    lines { accountingDate entry { number kind occurredOn } amount { amount currency } balance { amount } policy }\n  }\n}\n",
        "variables": {
          "account": "DEFERRED_REVENUE",
          "from": "2025-12-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "deferredRevenue",
        "says": "Who is owed what: the customers behind deferred revenue.",
        "query": "query DeferredRevenue {\n  deferredRevenue(first: 3) {\n    totalCount\n    nodes { customer { externalId } currency lots unused carrying { amount } }\n  }\n}\n"
      },
      {
        "name": "estimateReview",
        "says": "What became of each month of purchase, against the estimate in force as a month ended.",
        "query": "query Review($policy: String!, $month: Period!) {\n  estimateReview(policy: $policy, month: $month) {\n    review { rate actual expected actualToExpected bias standardisedBias finalBreakage stale findings { reason figure } }\n    cohorts { month net used expected usedByRate lapsed finalBreakage cells { age month actual expected } }\n  }\n}\n",
        "variables": {
          "policy": "annual",
          "month": "2025-11"
        }
      },
      {
        "name": "estimateReviews",
        "says": "Which estimates of breakage are stale, and why.",
        "query": "query Stale($policy: String) {\n  estimateReviews(policy: $policy, stale: true, first: 3, reverse: true) {\n    nodes {\n      month rate stale findings { reason figure threshold }\n      actualToExpected bias finalBreakage lapsedCohorts beyond\n    }\n  }\n}\n",
        "variables": {
          "policy": "annual"
        }
      },
      {
        "name": "breakage",
        "says": "What became of the credits of each month of purchase by the end of a quarter: recognised early, at expiry, and what is still expected to break.",
        "query": "query Breakage($through: Period!) {\n  breakage(through: $through) {\n    rows {\n      policy { code } month lots sold used lapsed open\n      price { amount { amount currency } } earned { amount { amount } }\n      early { amount { amount } } atExpiry { amount { amount } } expected { amount { amount } } toCome { amount { amount } } escheated { amount { amount } }\n    }\n    totals { currency sold used lapsed early { functionalAmount { amount } } toCome { functionalAmount { amount } } }\n  }\n}\n",
        "variables": {
          "through": "2025-12"
        }
      },
      {
        "name": "deferredRevenueRollForward",
        "says": "How deferred revenue moved in a quarter, column by column, and that it foots to the ledger and to the lots.",
        "query": "query RollForward($from: Date!, $to: Date!) {\n  deferredRevenueRollForward(from: $from, to: $to, groupBy: POLICY) {\n    asOf postedThrough entryCount controlTotal { amount currency }\n    rows { policy currency opening { amount } movements { column amount { amount } entryCount } closing { amount } }\n    checks { currency closing { amount } ledger { amount } lots { amount } difference { amount } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "unclaimedProperty",
        "says": "What is owed to which authority, and when; the checks hold it against the account.",
        "query": "query Owed($on: Date) {\n  unclaimedProperty(on: $on) {\n    rows { jurisdiction lapsedIn dueOn early { amount currency } owed { amount } paidOver { amount } }\n    checks { rows { amount currency } ledger { amount } }\n  }\n}\n",
        "variables": {
          "on": "2026-01-09"
        }
      },
      {
        "name": "waterfall",
        "says": "When what was bought in each month was recognised, and what is still deferred.",
        "query": "query Waterfall($from: Period!, $to: Period!) {\n  waterfall(from: $from, to: $to) {\n    asOf postedThrough rowCount\n    rows {\n      month currency\n      opening { amount { amount } }\n      sold { amount { amount } }\n      months { month revenue { amount { amount } } columns { column amount { amount } } }\n      takenBack { amount { amount } }\n      closing { amount { amount } }\n    }\n    controlTotal { amount currency }\n    checks { figure month currency report { amount } ledger { amount } difference { amount } }\n  }\n}\n",
        "variables": {
          "from": "2025-10",
          "to": "2025-12"
        }
      },
      {
        "name": "income",
        "says": "Revenue of a quarter by meter: use that was recorded in credits has no key, breakage is unassigned.",
        "query": "query Income($from: Date!, $to: Date!) {\n  income(from: $from, to: $to, groupBy: METER) {\n    asOf postedThrough rowCount hasNextPage endCursor\n    rows { key unassigned currency columns { column amount { amount } } revenue { amount } }\n    totals { currency revenue { amount } functionalRevenue { amount } }\n    controlTotal { amount currency }\n    checks { figure currency report { amount } ledger { amount } difference { amount } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "outOfPeriod",
        "says": "What is booked in the last quarter about earlier months, because those were closed.",
        "query": "query OutOfPeriod($from: Date!, $to: Date!) {\n  outOfPeriod(from: $from, to: $to) {\n    asOf postedThrough entryCount rowCount\n    rows { bookedIn happenedIn kind currency entryCount recognitionCount debits { amount { amount } } revenue { amount { amount } } deferredRevenue { amount { amount } } }\n    totals { currency entryCount revenue { amount { amount } functionalAmount { amount } } }\n    controlTotal { amount currency }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "cutOff",
        "says": "How late the use of December was told, and what of it came after the month was over.",
        "query": "query CutOff($period: Period!) {\n  cutOff(period: $period, daysAfter: 2) {\n    asOf rowCount\n    lags { lag eventCount credits revenue { amount { amount currency } } }\n    arrivals { arrival eventCount credits }\n    after { day lag eventCount credits }\n    total { eventCount credits revenue { amount { amount currency } } }\n    controlTotal { amount currency }\n  }\n}\n",
        "variables": {
          "period": "2025-12"
        }
      },
      {
        "name": "exceptions",
        "says": "What somebody should look at in a quarter.",
        "query": "query Exceptions($from: Date!, $to: Date!) {\n  exceptions(from: $from, to: $to) {\n    asOf postedThrough rowCount\n    counts { kind count }\n    rows { kind on period subject reason count credits amount { amount { amount currency } } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "revenueFromOpeningBalance",
        "says": "How much of a quarter's revenue was in the contract liability when the quarter began.",
        "query": "query FromOpeningBalance($from: Date!, $to: Date!) {\n  revenueFromOpeningBalance(from: $from, to: $to) {\n    asOf postedThrough rowCount\n    rows {\n      policy { code }\n      currency\n      opening { amount { amount } }\n      fromOpening { amount { amount } }\n      columns { column amount { amount } }\n      fromSpan { amount { amount } }\n      revenue { amount { amount } }\n      earlier { column amount { amount } }\n    }\n    controlTotal { amount currency }\n    checks { figure currency report { amount } ledger { amount } difference { amount } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "remainingObligation",
        "says": "What is still to be recognised at the end of a year, and when it is expected to be.",
        "query": "query Remaining($on: Date!) {\n  remainingObligation(on: $on) {\n    asOf postedThrough rowCount\n    rows {\n      policy { code }\n      currency method leftOut\n      deferred { amount { amount } }\n      notDue { amount { amount } }\n      escheat { amount { amount } }\n      total { amount { amount } }\n      within12 { amount { amount } }\n      within24 { amount { amount } }\n      later { amount { amount } }\n      unscheduled { amount { amount } }\n      months { month amount { amount { amount } } }\n    }\n    controlTotal { amount currency }\n    checks { figure currency report { amount } ledger { amount } difference { amount } }\n  }\n}\n",
        "variables": {
          "on": "2025-12-31"
        }
      },
      {
        "name": "earlyBreakageRollForward",
        "says": "How early breakage moved in a quarter: with use, by new estimates, and back as credits left their pools.",
        "query": "query EarlyBreakage($from: Date!, $to: Date!) {\n  earlyBreakageRollForward(from: $from, to: $to) {\n    asOf postedThrough\n    rows {\n      policy { code }\n      currency\n      opening { amount { amount } }\n      withUse { amount { amount } revenue { amount } unclaimed { amount } }\n      catchUp { amount { amount } }\n      givenBack { amount { amount } }\n      closing { amount { amount } }\n    }\n    checks { currency closing { amount } ledger { amount } difference { amount } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "estimateChanges",
        "says": "What new estimates moved at once in a quarter, pool by pool, and their effect on each month.",
        "query": "query EstimateChanges($from: Date!, $to: Date!) {\n  estimateChanges(from: $from, to: $to) {\n    estimates { from rate reason }\n    changes {\n      policy { code }\n      pool { key }\n      day rateBefore rate\n      before { amount } after { amount }\n      catchUp { amount { amount } revenue { amount } unclaimed { amount } }\n      recognitionCount apart\n    }\n    totals { period currency catchUp { revenue { amount } } }\n    controlTotal { amount currency }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "breakageSensitivity",
        "says": "What breakage to date, revenue to date and deferred revenue would be at an estimate one or five points higher or lower.",
        "query": "query Sensitivity($policy: String!) {\n  breakageSensitivity(policy: $policy) {\n    on rate poolCount waiting\n    groups {\n      currency\n      sold { amount } used { amount } booked { amount } difference { amount }\n      rows { points rate at { early { amount } revenue { amount } deferred { amount } } delta { revenue { amount } deferred { amount } } }\n    }\n  }\n}\n",
        "variables": {
          "policy": "annual"
        }
      },
      {
        "name": "usageOverTime",
        "says": "A chart of use: credits by month, the three largest customers apart.",
        "query": "query UsageOverTime($from: Date!, $to: Date!) {\n  usageOverTime(from: $from, to: $to, interval: MONTH, groupBy: CUSTOMER, top: 3) {\n    buckets { from to }\n    series { key others credits total }\n    total\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "usageOverTime-dimension",
        "says": "Use by team, day by day; events that name none are the series without a key.",
        "query": "query UsageByTeam($from: Date!, $to: Date!) {\n  usageOverTime(from: $from, to: $to, interval: WEEK, groupBy: DIMENSION, dimension: \"team\") {\n    buckets { from to }\n    series { key others credits total }\n    total\n  }\n}\n",
        "variables": {
          "from": "2025-12-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "revenueOverTime",
        "says": "A chart of revenue: by month and kind, in each currency; it adds up to the trial balance.",
        "query": "query RevenueOverTime($from: Date!, $to: Date!) {\n  revenueOverTime(from: $from, to: $to, interval: MONTH, groupBy: KIND) {\n    buckets { from to }\n    series { key currency amounts { amount } total { amount } }\n    functionalTotal { amount currency }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "purchasesOverTime",
        "says": "What was sold in each month, by pack.",
        "query": "query PurchasesOverTime($from: Date!, $to: Date!) {\n  purchasesOverTime(from: $from, to: $to, interval: MONTH, groupBy: PACK, top: 2) {\n    buckets { from to }\n    series { key others currency counts amounts { amount } total { amount } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "marginOverTime",
        "says": "What each meter earned and cost to serve, month by month, and how much has no cost yet.",
        "query": "query Margins($from: Date!, $to: Date!) {\n  marginOverTime(from: $from, to: $to, interval: MONTH, groupBy: METER) {\n    buckets { from to }\n    series {\n      key\n      others\n      points { revenue { amount } cost { amount } margin { amount } share uncosted }\n    }\n    total { revenue { amount currency } cost { amount } margin { amount } share uncosted }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "accountOverTime",
        "says": "Deferred revenue at the end of each month. Take CASH for what was paid.",
        "query": "query AccountOverTime($from: Date!, $to: Date!) {\n  accountOverTime(account: DEFERRED_REVENUE, from: $from, to: $to, interval: MONTH) {\n    buckets { to }\n    series { currency opening { amount } debits { amount } credits { amount } closing { amount } }\n  }\n}\n",
        "variables": {
          "from": "2025-10-01",
          "to": "2025-12-31"
        }
      },
      {
        "name": "activeCustomersOverTime",
        "says": "How many customers used something in each week of a month.",
        "query": "query ActiveCustomersOverTime {\n  activeCustomersOverTime(from: \"2025-12-01\", to: \"2025-12-31\", interval: WEEK) {\n    buckets { from to }\n    counts\n    total\n  }\n}\n"
      },
      {
        "name": "escheatPay",
        "says": "Books what was paid over for customers of whom no jurisdiction is known.",
        "query": "mutation PayOver($input: EscheatPayInput!, $key: String!) {\n  escheatPay(input: $input, idempotencyKey: $key) {\n    payment { jurisdiction paidOn amount { amount currency } functionalAmount { amount } paid { amount } reference }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "amount": "1.00",
            "reference": "UP-2026-01"
          },
          "key": "escheat-paid-2026-01"
        }
      },
      {
        "name": "escheatPay-refused",
        "says": "Pays over more than is owed: it is refused, and nothing is written.",
        "query": "mutation PayTooMuch($input: EscheatPayInput!, $key: String!) {\n  escheatPay(input: $input, idempotencyKey: $key) {\n    payment { paidOn }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "jurisdiction": "US-DE",
            "amount": "25.00",
            "reference": "DE-UP-2026"
          },
          "key": "escheat-us-de-too-much"
        }
      }
    ]
  },
  {
    "title": "Closing",
    "examples": [
      {
        "name": "periods",
        "says": "The months of the book, the newest first: which are closed, and what each holds.",
        "query": "query Periods {\n  periods(first: 3, reverse: true) {\n    nodes { period status closedAt entryCount outOfPeriodCount debits { amount currency } credits { amount } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n}\n"
      },
      {
        "name": "period",
        "says": "One month with every closing of it. What the checklist said then stays on record.",
        "query": "query Period($period: Period!) {\n  period(period: $period) {\n    status firstDay lastDay closedAt\n    closings { act at by reason entryCount lastEntry checks { code figures { name text } } }\n    reopenings { status reason proposedBy decidedBy }\n  }\n}\n",
        "variables": {
          "period": "2025-01"
        }
      },
      {
        "name": "closeChecklist",
        "says": "What a month needs to close: each check, whether it holds, its figures, and what to do about it.",
        "query": "query Checklist($period: Period!) {\n  closeChecklist(period: $period) {\n    status ready\n    checks { code passed toDo figures { name text amount { amount currency } } }\n    tasks { task { name required } done { by at comment } }\n  }\n}\n",
        "variables": {
          "period": "2025-02"
        }
      },
      {
        "name": "reconciliation",
        "says": "What deferred revenue comes to on both sides as a month ends, and what differs in it.",
        "query": "query Reconciliation($period: Period!) {\n  reconciliation(period: $period) {\n    status from through differences explained\n    comparisons {\n      kind of currency status\n      left { rows amount { amount } credits }\n      right { rows amount { amount } credits }\n      manual { amount }\n      rows { kind id left { amount { amount } } right { amount { amount } } }\n    }\n  }\n}\n",
        "variables": {
          "period": "2025-02"
        }
      },
      {
        "name": "reconciliations",
        "says": "What the daily comparison found lately, newest first.",
        "query": "query Reconciliations {\n  reconciliations(first: 2, reverse: true) {\n    nodes { id reconciledAt from through status differences explained findingsHash older { through comparedSince throughOnce partsDone partsOfRound parts { number again differs from through } } }\n  }\n}\n"
      },
      {
        "name": "closeTasks",
        "says": "What people do before a month closes.",
        "query": "query Tasks {\n  closeTasks { id name required from to createdBy }\n}\n"
      },
      {
        "name": "seals",
        "says": "The newest seals of closed months, with the checkpoints that an auditor keeps.",
        "query": "query Seals {\n  seals { number period at fromSize size root checkpoint key }\n}\n"
      },
      {
        "name": "seal",
        "says": "The seal of a month.",
        "query": "query Seal($period: Period!) {\n  seal(period: $period) { number root checkpoint }\n}\n",
        "variables": {
          "period": "2025-01"
        }
      },
      {
        "name": "sealPublicKeys",
        "says": "The keys that signed seals.",
        "query": "query SealPublicKeys {\n  sealPublicKeys { number key since by }\n}\n"
      },
      {
        "name": "sealProof",
        "says": "The proof that an entry is sealed, for drawdown verify --proof.",
        "query": "query SealProof($entry: Int!) {\n  sealProof(entry: $entry) { document }\n}\n",
        "variables": {
          "entry": 1
        }
      },
      {
        "name": "sealConsistency",
        "says": "The proof that a seal goes on from an earlier one.",
        "query": "query SealConsistency($from: Int!, $to: Int!) {\n  sealConsistency(from: $from, to: $to) { document }\n}\n",
        "variables": {
          "from": 1,
          "to": 1
        }
      },
      {
        "name": "periodClose",
        "says": "Closes a month. From then on what happened in it and comes late is booked on the first of the oldest open month.",
        "query": "mutation Close($period: Period!, $key: String!) {\n  periodClose(period: $period, idempotencyKey: $key) {\n    period { period status closedAt }\n    closing { by entryCount lastEntry checks { code passed } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "period": "2025-02",
          "key": "close-2025-02"
        }
      },
      {
        "name": "periodClose-refused",
        "says": "Months close in order.",
        "query": "mutation CloseTooEarly($period: Period!, $key: String!) {\n  periodClose(period: $period, idempotencyKey: $key) {\n    period { status }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "period": "2025-06",
          "key": "close-2025-06"
        }
      },
      {
        "name": "periodReopenPropose",
        "says": "Proposes to open a closed month again. It stays closed until somebody else approves.",
        "query": "mutation ProposeReopening($period: Period!, $input: PeriodReopenProposeInput!, $key: String!) {\n  periodReopenPropose(period: $period, input: $input, idempotencyKey: $key) {\n    reopening { id period status reason proposedBy }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "period": "2025-02",
          "input": {
            "reason": "A file of the gateway was found"
          },
          "key": "reopen-2025-02"
        }
      },
      {
        "name": "periodReopenApprove",
        "says": "Opens a month again that somebody else proposed to open, and every later one with it.",
        "query": "mutation ApproveReopening($id: ID!, $input: PeriodReopenDecideInput!, $key: String!) {\n  periodReopenApprove(reopeningId: $id, input: $input, idempotencyKey: $key) {\n    reopening { period status proposedBy decidedBy decidedAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "The auditors know"
          },
          "key": "reopen-2025-01-approved"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ period(period: \"2025-01\") { reopenings { id } } }"
          }
        ]
      },
      {
        "name": "periodReopenReject",
        "says": "Leaves a month closed that somebody proposed to open, or takes one's own proposal back.",
        "query": "mutation RejectReopening($id: ID!, $input: PeriodReopenDecideInput!, $key: String!) {\n  periodReopenReject(reopeningId: $id, input: $input, idempotencyKey: $key) {\n    reopening { period status decidedBy decision }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "It was a file of March"
          },
          "key": "reopen-2025-02-rejected"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ period(period: \"2025-02\") { reopenings { id } } }"
          }
        ]
      },
      {
        "name": "closeTaskDone",
        "says": "Ticks a task for a month.",
        "query": "mutation TickTask($id: ID!, $period: Period!, $input: CloseTaskDoneInput!, $key: String!) {\n  closeTaskDone(taskId: $id, period: $period, input: $input, idempotencyKey: $key) {\n    mark { period at by comment }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "period": "2025-12",
          "input": {
            "comment": "No difference"
          },
          "key": "bank-2025-12"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ closeTasks { id } }"
          }
        ]
      },
      {
        "name": "closeTaskEnd",
        "says": "Ends a task: months after that do not ask for it.",
        "query": "mutation EndTask($id: ID!, $after: Period!, $key: String!) {\n  closeTaskEnd(taskId: $id, after: $after, idempotencyKey: $key) {\n    task { name from to }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "after": "2026-12",
          "key": "bank-ends"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ closeTasks { id } }"
          }
        ]
      },
      {
        "name": "closeTaskCreate",
        "says": "Adds a task to the checklist: no month from then on closes before somebody has ticked it.",
        "query": "mutation AddTask($input: CloseTaskCreateInput!, $key: String!) {\n  closeTaskCreate(input: $input, idempotencyKey: $key) {\n    task { id name required from }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "name": "Compare cash with the bank, account by account",
            "from": "2026-01"
          },
          "key": "bank-2026"
        }
      }
    ]
  },
  {
    "title": "Exports",
    "examples": [
      {
        "name": "exportTargets",
        "says": "Which general ledgers there are, and what has not reached them yet.",
        "query": "query Targets {\n  exportTargets { code current { number schedule destination } exportedThrough waiting }\n}\n"
      },
      {
        "name": "exportTarget",
        "says": "How entries have reached a target over time.",
        "query": "query Target($code: String!) {\n  exportTarget(code: $code) { code versions { number schedule ended reason } }\n}\n",
        "variables": {
          "code": "netsuite"
        }
      },
      {
        "name": "exportBatches",
        "says": "The latest batches, with their files.",
        "query": "query Batches {\n  exportBatches(first: 5, reverse: true) {\n    nodes { target { code } number status fromEntry toEntry entryCount problem files { name bytes sha256 path } }\n  }\n}\n"
      },
      {
        "name": "exportAnswers",
        "says": "What the general ledger calls the journals of a batch.",
        "query": "query Answers($id: ID!) {\n  exportAnswers(batch: $id) { journal externalId at by }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportBatches(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "exportBatch",
        "says": "A batch and how far it has come.",
        "query": "query Batch($id: ID!) {\n  exportBatch(id: $id) { number status answered replacedBy { number } }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportBatches(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "exportTargetCreate",
        "says": "Adds another general ledger: a summary by month, account, currency, kind and policy, made when a month is closed.",
        "query": "mutation Target($input: ExportTargetCreateInput!, $key: String!) {\n  exportTargetCreate(input: $input, idempotencyKey: $key) {\n    target { code current { number schedule } waiting }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "code": "quickbooks",
            "profile": "{\"format\": \"quickbooks-online\", \"mode\": \"summary\", \"summary\": {\"dimensions\": [\"policy\"], \"kind\": true, \"net\": false}, \"accounts\": [{\"role\": \"cash\", \"code\": \"1000\", \"name\": \"Cash\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"accounts_receivable\", \"code\": \"1010\", \"name\": \"Accounts receivable\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"unbilled_receivable\", \"code\": \"1020\", \"name\": \"Unbilled receivable\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"deferred_revenue\", \"code\": \"1030\", \"name\": \"Deferred revenue\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"tax_payable\", \"code\": \"1040\", \"name\": \"Tax payable\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"unclaimed_property\", \"code\": \"1050\", \"name\": \"Unclaimed property\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"refund_liability\", \"code\": \"1060\", \"name\": \"Refund liability\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"opening_balances\", \"code\": \"1070\", \"name\": \"Opening balances\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"usage_revenue\", \"code\": \"1080\", \"name\": \"Usage revenue\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"breakage_revenue\", \"code\": \"1090\", \"name\": \"Breakage revenue\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"overage_revenue\", \"code\": \"1100\", \"name\": \"Overage revenue\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"refunds\", \"code\": \"1110\", \"name\": \"Refunds\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"disputes\", \"code\": \"1120\", \"name\": \"Disputes\", \"from\": \"\", \"to\": \"\"}, {\"role\": \"fx_gain_loss\", \"code\": \"1130\", \"name\": \"Fx gain loss\", \"from\": \"\", \"to\": \"\"}]}",
            "schedule": "AFTER_CLOSE"
          },
          "key": "target-quickbooks"
        }
      },
      {
        "name": "exportTargetCreate-refused",
        "says": "What is wrong with a profile is said field by field.",
        "query": "mutation Target($input: ExportTargetCreateInput!, $key: String!) {\n  exportTargetCreate(input: $input, idempotencyKey: $key) {\n    target { code }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "code": "broken",
            "profile": "{\"format\":\"netsuite\",\"mode\":\"weekly\"}"
          },
          "key": "target-broken"
        }
      },
      {
        "name": "exportTargetUpdate",
        "says": "From now on batches are made when somebody asks.",
        "query": "mutation Update($id: ID!, $input: ExportTargetUpdateInput!, $key: String!) {\n  exportTargetUpdate(targetId: $id, input: $input, idempotencyKey: $key) {\n    target { current { number schedule reason } versions { number } }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "schedule": "BY_HAND",
            "reason": "The controller looks at the month first"
          },
          "key": "target-netsuite-by-hand"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportTarget(code: \"netsuite\") { id } }"
          }
        ]
      },
      {
        "name": "exportBatchCreate",
        "says": "Fixes which entries go next. The server writes the files and seals the batch within seconds.",
        "query": "mutation Batch($id: ID!, $input: ExportBatchCreateInput!, $key: String!) {\n  exportBatchCreate(targetId: $id, input: $input, idempotencyKey: $key) {\n    batch { number status fromEntry toEntry }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "through": 1300
          },
          "key": "batch-1"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportTarget(code: \"netsuite\") { id } }"
          }
        ]
      },
      {
        "name": "exportBatchDeliver",
        "says": "Says that the files of a sealed batch were loaded by hand.",
        "query": "mutation Delivered($id: ID!, $input: ExportBatchDeliverInput!, $key: String!) {\n  exportBatchDeliver(batchId: $id, input: $input, idempotencyKey: $key) {\n    batch { status }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "to": "loaded into NetSuite"
          },
          "key": "batch-1-loaded"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportBatches(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "exportBatchAcknowledge",
        "says": "Takes what NetSuite calls the journals of a sealed batch, and what it debited in them.",
        "query": "mutation Answer($id: ID!, $input: ExportBatchAcknowledgeInput!, $key: String!) {\n  exportBatchAcknowledge(batchId: $id, input: $input, idempotencyKey: $key) {\n    batch { status answered }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "journals": [
              {
                "journal": "SJ1-1",
                "externalId": "JOU-4711",
                "amount": "10100.00"
              }
            ]
          },
          "key": "batch-1-answer"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportBatches(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "exportBatchVoid",
        "says": "Takes a batch out of force. Its entries go into the next batch.",
        "query": "mutation Void($id: ID!, $input: ExportBatchVoidInput!, $key: String!) {\n  exportBatchVoid(batchId: $id, input: $input, idempotencyKey: $key) {\n    batch { number status reason }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "The subsidiary was the wrong one"
          },
          "key": "batch-1-void"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportBatches(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "exportBatchProgress",
        "says": "How far the files of a batch are.",
        "query": "subscription Progress($id: ID!) {\n  exportBatchProgress(id: $id) { number status progress problem }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ exportBatches(first: 1) { nodes { id } } }"
          }
        ]
      }
    ]
  },
  {
    "title": "Jobs",
    "examples": [
      {
        "name": "jobs",
        "says": "The jobs, and how each ran last.",
        "query": "query Jobs {\n  jobs {\n    name\n    description\n    lastRun { status through finishedAt recognitions entries error }\n  }\n}\n"
      },
      {
        "name": "jobRuns",
        "says": "Runs that failed would be listed so; here the latest runs.",
        "query": "query JobRuns($status: JobStatus) {\n  jobRuns(status: $status, first: 2, reverse: true) {\n    totalCount\n    nodes {\n      job\n      trigger\n      status\n      through\n      startedAt\n      lots\n      recognitions\n      firstEntry { number }\n      lastEntry { number }\n    }\n  }\n}\n",
        "variables": {
          "status": "SUCCEEDED"
        }
      },
      {
        "name": "jobRun",
        "says": "Books what waits, through yesterday. Running it twice books nothing twice.",
        "query": "mutation Book($key: String!) {\n  jobRun(job: ALL, idempotencyKey: $key) {\n    run {\n      id\n      status\n      through\n      recognitions\n      entries\n      firstEntry { number }\n      lastEntry { number }\n    }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "key": "run-2026-01-12"
        }
      },
      {
        "name": "jobRunProgress",
        "says": "How far a run is. This one has ended, so that its first event is its last.",
        "query": "subscription JobRunProgress($id: ID!) {\n  jobRunProgress(id: $id) { job status through lots recognitions entries error }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ jobRuns(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "jobRunChanged",
        "says": "A line of a dashboard that says what is booked now; the answer is the first event, the latest run.",
        "query": "subscription JobRunChanged {\n  jobRunChanged { job trigger status through lots recognitions entries }\n}\n"
      }
    ]
  },
  {
    "title": "Alerts and top-ups",
    "examples": [
      {
        "name": "alertRules",
        "says": "The rules in force.",
        "query": "query Rules {\n  alertRules(inForce: true) {\n    nodes { id kind customer { externalId } policy { code } below belowShare daysBefore }\n  }\n}\n"
      },
      {
        "name": "alerts",
        "says": "Whose balance is low now.",
        "query": "query Low {\n  alerts(kind: BALANCE_LOW, active: true) {\n    nodes { at customer { externalId name } credits below }\n    totalCount\n  }\n}\n"
      },
      {
        "name": "topUpRules",
        "says": "Who buys more by themselves, and when.",
        "query": "query Rules {\n  topUpRules(inForce: true) {\n    nodes { id customer { externalId } below pack credits price { amount currency } monthlyCap }\n  }\n}\n"
      },
      {
        "name": "topUps",
        "says": "What is to be charged.",
        "query": "query ToCharge {\n  topUps(status: OPEN) {\n    nodes { id customer { externalId } credits price { amount currency } endsAt }\n  }\n}\n"
      },
      {
        "name": "runOut",
        "says": "When a customer runs out, and how sure that is.",
        "query": "query RunOut($customer: String!) {\n  runOut(customer: $customer) {\n    day\n    earliest\n    latest\n    dailyUse\n    basisFrom\n    basisTo\n    reason\n  }\n}\n",
        "lookups": [
          {
            "variable": "customer",
            "query": "{ customers(first: 1) { nodes { externalId } } }"
          }
        ]
      },
      {
        "name": "alertRuleCreate",
        "says": "Alerts sixty, thirty and seven days before credits lapse, of all customers.",
        "query": "mutation Alert($input: AlertRuleCreateInput!, $key: String!) {\n  alertRuleCreate(input: $input, idempotencyKey: $key) {\n    rule { id kind daysBefore }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "kind": "CREDITS_EXPIRING",
            "daysBefore": [
              60,
              30,
              7
            ]
          },
          "key": "alert-expiring"
        }
      },
      {
        "name": "alertRuleCreate-low",
        "says": "Alerts when less than a tenth of what a customer bought last is left.",
        "query": "mutation Alert($input: AlertRuleCreateInput!, $key: String!) {\n  alertRuleCreate(input: $input, idempotencyKey: $key) {\n    rule { id kind belowShare }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "kind": "BALANCE_LOW",
            "belowShare": "0.1"
          },
          "key": "alert-low"
        }
      },
      {
        "name": "alertRuleEnd",
        "says": "Alerts no more by a rule.",
        "query": "mutation NoMore($id: ID!, $input: AlertRuleEndInput!, $key: String!) {\n  alertRuleEnd(alertRuleId: $id, input: $input, idempotencyKey: $key) {\n    rule { id endedAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "the CRM reminds by itself"
          },
          "key": "alert-expiring-end"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ alertRules(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "topUpRuleCreate",
        "says": "Buys 50,000 credits at USD 500.00 whenever fewer than 10,000,000 are free, at most twice a month.",
        "query": "mutation TopUp($customer: String!, $policy: String!, $key: String!) {\n  topUpRuleCreate(\n    input: { customer: $customer, below: \"10000000\", credits: \"50000\", price: \"500\", policy: $policy, monthlyCap: 2 }\n    idempotencyKey: $key\n  ) {\n    rule { id customer { externalId } below policy credits price { amount currency } openHours }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "key": "topup-rule"
        },
        "lookups": [
          {
            "variable": "customer",
            "query": "{ customers(first: 1) { nodes { externalId } } }"
          },
          {
            "variable": "policy",
            "query": "{ policies(first: 1) { nodes { code } } }"
          }
        ]
      },
      {
        "name": "topUpRuleCreate-pack",
        "says": "Buys a pack when fewer than 5,000,000 credits are free. The jobs look every hour; here they look at once.",
        "query": "mutation TopUp($customer: String!, $pack: String!, $key: String!, $run: String!) {\n  topUpRuleCreate(input: { customer: $customer, below: \"5000000\", pack: $pack, credits: \"10000\" }, idempotencyKey: $key) {\n    rule { id customer { externalId } below pack credits monthlyCap }\n    userErrors { field code message }\n  }\n  jobRun(job: ALERTS, idempotencyKey: $run) {\n    run { status }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "key": "topup-rule-pack",
          "run": "run-alerts"
        },
        "lookups": [
          {
            "variable": "customer",
            "query": "{ customers(first: 1, reverse: true) { nodes { externalId } } }"
          },
          {
            "variable": "pack",
            "query": "{ packs(first: 1) { nodes { code } } }"
          }
        ]
      },
      {
        "name": "topUpRuleEnd",
        "says": "Requests no more for a customer.",
        "query": "mutation NoMore($id: ID!, $input: TopUpRuleEndInput!, $key: String!) {\n  topUpRuleEnd(topUpRuleId: $id, input: $input, idempotencyKey: $key) {\n    rule { id endedAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "asked to"
          },
          "key": "topup-rule-end"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ topUpRules(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "topUpConfirm",
        "says": "The card was charged: the credits are sold, paid, at the price that was announced.",
        "query": "mutation Charged($id: ID!, $input: TopUpConfirmInput!, $key: String!) {\n  topUpConfirm(topUpId: $id, input: $input, idempotencyKey: $key) {\n    topUp { status decidedAt }\n    purchase { id status credits price { amount currency } reference }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reference": "ch_3P1"
          },
          "key": "topup-charged"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ topUps(status: OPEN, first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "topUpFail",
        "says": "The card was declined. The next run asks again, while the month allows it.",
        "query": "mutation Declined($id: ID!, $input: TopUpFailInput!, $key: String!) {\n  topUpFail(topUpId: $id, input: $input, idempotencyKey: $key) {\n    topUp { status reason decidedAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "card_declined"
          },
          "key": "topup-declined"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ topUps(status: OPEN, first: 1) { nodes { id } } }"
          }
        ]
      }
    ]
  },
  {
    "title": "Webhooks",
    "examples": [
      {
        "name": "webhooks",
        "says": "The endpoints in force, and which of them takes nothing.",
        "query": "query Endpoints {\n  webhooks(enabled: true) {\n    nodes { id url description events failingSince createdBy }\n    totalCount\n  }\n}\n"
      },
      {
        "name": "webhookDeliveries",
        "says": "What was not taken in any of its attempts, the newest first.",
        "query": "query Failed($first: Int!) {\n  webhookDeliveries(status: FAILED, first: $first, reverse: true) {\n    nodes { id event occurredAt attempts responseCode response error webhook { url } }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n",
        "variables": {
          "first": 20
        }
      },
      {
        "name": "webhookCreate",
        "says": "Makes an endpoint that is told of purchases and lapses. The secret is in this answer alone.",
        "query": "mutation Listen($input: WebhookCreateInput!, $key: String!) {\n  webhookCreate(input: $input, idempotencyKey: $key) {\n    secret\n    webhook { id url events enabled }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "url": "https://crm.example.com/hooks/credits",
            "description": "CRM",
            "events": [
              "PURCHASE_CREATED",
              "PURCHASE_REFUNDED",
              "LOT_LAPSED"
            ]
          },
          "key": "webhook-crm"
        }
      },
      {
        "name": "webhookCreate-refused",
        "says": "What is told would be read on the way.",
        "query": "mutation Listen($input: WebhookCreateInput!, $key: String!) {\n  webhookCreate(input: $input, idempotencyKey: $key) {\n    webhook { id }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "url": "http://crm.example.com/hooks/credits"
          },
          "key": "webhook-crm-in-the-clear"
        }
      },
      {
        "name": "webhookUpdate",
        "says": "Has an endpoint told of transfers too.",
        "query": "mutation ListenTo($id: ID!, $input: WebhookUpdateInput!, $key: String!) {\n  webhookUpdate(webhookId: $id, input: $input, idempotencyKey: $key) {\n    webhook { url events enabled }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "events": [
              "PURCHASE_CREATED",
              "PURCHASE_REFUNDED",
              "LOT_LAPSED",
              "CREDITS_TRANSFERRED"
            ]
          },
          "key": "webhook-crm-transfers"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ webhooks(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "webhookUpdate-enabled",
        "says": "Puts an endpoint in force again: what waited for it is sent now.",
        "query": "mutation GoOn($id: ID!, $input: WebhookUpdateInput!, $key: String!) {\n  webhookUpdate(webhookId: $id, input: $input, idempotencyKey: $key) {\n    webhook { enabled disabledAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "enabled": true
          },
          "key": "webhook-crm-on"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ webhooks(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "webhookRotateSecret",
        "says": "A new secret. For 24 hours each request is signed with both.",
        "query": "mutation NewSecret($id: ID!, $key: String!) {\n  webhookRotateSecret(webhookId: $id, idempotencyKey: $key) {\n    secret\n    webhook { previousSecretUntil }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "key": "webhook-crm-secret"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ webhooks(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "webhookTest",
        "says": "Sends a message that says nothing, by the way that all go. `webhookDeliveries` shows what came of it.",
        "query": "mutation Test($id: ID!, $key: String!) {\n  webhookTest(webhookId: $id, idempotencyKey: $key) {\n    delivery { messageId event payload status nextAttemptAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "key": "webhook-crm-test"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ webhooks(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "webhookReplay",
        "says": "Sends again all of a night in which the reader lost what it had taken.",
        "query": "mutation Again($id: ID!, $input: WebhookReplayInput!, $key: String!) {\n  webhookReplay(webhookId: $id, input: $input, idempotencyKey: $key) {\n    deliveries\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "from": "2026-01-11T20:00:00Z",
            "before": "2026-01-12T06:00:00Z"
          },
          "key": "webhook-crm-again"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ webhooks(first: 1) { nodes { id } } }"
          }
        ]
      },
      {
        "name": "webhookDisable",
        "says": "Takes an endpoint out of force while its owner mends it.",
        "query": "mutation Quiet($id: ID!, $input: WebhookDisableInput!, $key: String!) {\n  webhookDisable(webhookId: $id, input: $input, idempotencyKey: $key) {\n    webhook { enabled disabledAt disabledReason }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "the CRM moves"
          },
          "key": "webhook-crm-off"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ webhooks(first: 1) { nodes { id } } }"
          }
        ]
      }
    ]
  },
  {
    "title": "Access",
    "examples": [
      {
        "name": "me",
        "says": "Who the token of this request is, and what it may do.",
        "query": "query Me {\n  me { actor name kind roles customer { externalId } expiresAt }\n}\n"
      },
      {
        "name": "tokens",
        "says": "The tokens that open something now, with when each was last used.",
        "query": "query Tokens {\n  tokens(inForce: true) {\n    nodes { name roles owner customer { externalId } createdBy createdAt expiresAt lastUsedAt }\n  }\n}\n"
      },
      {
        "name": "auditEvents",
        "says": "What was done lately to the access of others, by whom, and what it changed.",
        "query": "query WhoDidWhat($action: String) {\n  auditEvents(action: $action, first: 2, reverse: true) {\n    nodes { at actor actorName kind address action subject reason before after detail }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n",
        "variables": {
          "action": "token.create"
        }
      },
      {
        "name": "tokenCreate",
        "says": "Makes a token for a service that sends usage. The secret is in this answer alone: send it as `Authorization: Bearer dd_…`.",
        "query": "mutation GiveAccess($input: TokenCreateInput!, $key: String!) {\n  tokenCreate(input: $input, idempotencyKey: $key) {\n    secret\n    token { name roles owner expiresAt }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "name": "metering",
            "roles": [
              "OPERATOR"
            ],
            "owner": "platform@example.com",
            "expiresAt": "2026-07-01T00:00:00Z"
          },
          "key": "token-metering"
        }
      },
      {
        "name": "tokenCreate-refused",
        "says": "A token that sees one customer alone only reads.",
        "query": "mutation GiveAccessToOneCustomer($input: TokenCreateInput!, $key: String!) {\n  tokenCreate(input: $input, idempotencyKey: $key) {\n    token { name }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "name": "portal",
            "roles": [
              "OPERATOR"
            ],
            "customer": "larkspur-labs"
          },
          "key": "token-portal"
        }
      },
      {
        "name": "tokenRevoke",
        "says": "Takes a token out of force: within five seconds it opens nothing on any server.",
        "query": "mutation TakeAccess($id: ID!, $input: TokenRevokeInput!, $key: String!) {\n  tokenRevoke(tokenId: $id, input: $input, idempotencyKey: $key) {\n    token { name inForce revokedAt revokedBy }\n    userErrors { field code message }\n  }\n}\n",
        "variables": {
          "input": {
            "reason": "it was in a log"
          },
          "key": "revoke-metering"
        },
        "lookups": [
          {
            "variable": "id",
            "query": "{ tokens(search: \"metering\") { nodes { id } } }"
          }
        ]
      }
    ]
  },
  {
    "title": "General",
    "examples": [
      {
        "name": "book",
        "says": "The book: its currency, its zone, and the day through which jobs book.",
        "query": "query Book {\n  book { functionalCurrency timeZone now yesterday }\n}\n"
      },
      {
        "name": "node",
        "says": "Anything by its id.",
        "query": "query Node($id: ID!) {\n  node(id: $id) {\n    __typename\n    id\n    ... on Lot { granted remaining }\n    ... on Purchase { credits }\n  }\n}\n",
        "lookups": [
          {
            "variable": "id",
            "query": "{ lots(customer: \"larkspur-labs\", first: 1) { nodes { id } } }"
          }
        ]
      }
    ]
  }
];
