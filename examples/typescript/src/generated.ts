/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
// Written by `npm run generate` from schema.graphqls and operations.graphql. Change those.
/** Why something was refused. New codes may come: treat an unknown one as INVALID. */
export type ErrorCode =
  /** What is named does not exist. */
  | 'NOT_FOUND'
  /** The code, or external id, is taken. */
  | 'ALREADY_EXISTS'
  /** A value that is none: malformed, out of range, contradictory. The message says what would be right. */
  | 'INVALID'
  /** Beyond a limit: the batch, the body, the document, the page or the amount. */
  | 'TOO_LARGE'
  /** The idempotency key was used for another request: take a new key for a new request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The balance when the event occurred does not cover the use, and the policy does not bill the rest. */
  | 'INSUFFICIENT_CREDITS'
  /** The event's source and id name another event of the customer: other credits, quantity or time. */
  | 'EVENT_CONFLICT'
  /** The lots that were in force when the event occurred accept no more use. */
  | 'TOO_LATE'
  /** The credits would lapse within 30 days of their start and nobody said why: say it in `shortExpiry`. */
  | 'SHORT_EXPIRY'
  /** The purchase is refunded: that happens once. */
  | 'ALREADY_REFUNDED'
  /** A refund or a chargeback is at most what was paid and not given back. */
  | 'AMOUNT_EXCEEDS_PRICE'
  /** The purchase is not paid. */
  | 'NOT_PAID'
  /** More than is owed to the authority. */
  | 'AMOUNT_EXCEEDS_OWED'
  /** What the law claims of the credits was paid over to the authority: it is not the company's to give back. */
  | 'PAID_OVER'
  /** A chargeback of the purchase is open. */
  | 'DISPUTED'
  /** No chargeback of the purchase is open. */
  | 'NOT_DISPUTED'
  /** The credits have lapsed. */
  | 'LAPSED'
  /** The credits have not lapsed. */
  | 'NOT_LAPSED'
  /** A chargeback of the credits is open. */
  | 'CREDITS_BLOCKED'
  /** A hard budget does not cover the use. The message says what it allows and what is spent. */
  | 'BUDGET_EXCEEDED'
  /** Holds keep the credits: release them, or wait until they are over. */
  | 'CREDITS_HELD'
  /** The hold was captured or released, or is over. What its job used can be recorded without it. */
  | 'HOLD_ENDED'
  /** The purchase is paid. */
  | 'ALREADY_PAID'
  /** A part of the purchase is paid: what came in cannot be called off. */
  | 'PARTLY_PAID'
  /** The event, or the purchase, is void. */
  | 'ALREADY_VOIDED'
  /** The pack is retired: it was not, or is not, for sale then. */
  | 'PACK_RETIRED'
  /** The period is closed and takes no more. */
  | 'PERIOD_CLOSED'
  /** The period is not closed. */
  | 'PERIOD_OPEN'
  /** The last day of the period has not ended. */
  | 'PERIOD_NOT_OVER'
  /** An earlier period is still open: the message names the one that is next. */
  | 'PERIOD_OUT_OF_ORDER'
  /** Something must be booked or done before the period closes, or opens again: the message names the checks and what to do. */
  | 'CLOSE_CHECKS_FAILED'
  /** The server has no key to sign the seal of a period with, so that none can be closed. */
  | 'NO_SEAL_KEY'
  /** The key did not sign the seal of the period, which stays open. */
  | 'SEAL_FAILED'
  /** What a file of open lots adds up to is not what its control totals say: the message has both. */
  | 'CONTROL_MISMATCH'
  /** The manual entry was taken back: that happens once. */
  | 'ALREADY_REVERSED'
  /** The account is one that the sub-ledger answers for: say in `controlAccounts` why a person writes in it. */
  | 'CONTROL_ACCOUNT'
  /** The target has all entries through the one that was asked for. */
  | 'NOTHING_TO_EXPORT'
  /** The target has ended: no batch is made for it any more. */
  | 'TARGET_ENDED'
  /** The files of the batch are not written yet. */
  | 'NOT_SEALED'
  /** Another run of the job is under way: wait for it, or try again. */
  | 'JOB_RUNNING'
  /** Another run took the job over; this one stopped. */
  | 'LEASE_LOST'
  /** The caller has asked more than its share: send the same request again after `extensions.retryAfter` seconds. */
  | 'RATE_LIMITED'
  /** More waits than can be taken, usage to be recorded or requests: send the same again after `extensions.retryAfter` seconds. */
  | 'OVERLOADED'
  /** No token came with the request, or the one that came does not hold: unknown, expired, revoked or not for this server. HTTP 401. */
  | 'UNAUTHENTICATED'
  /** The caller's roles do not allow it; the message names the role that would. Nothing of the request was run. */
  | 'FORBIDDEN'
  /** The proposal was approved or rejected: that happens once. */
  | 'ALREADY_DECIDED'
  /** The file of the estimate is not the one whose `fileHash` was given: somebody attached something since. Look again. */
  | 'FILE_CHANGED'
  /** An attachment has more bytes than one may have, or would be the eleventh of its estimate. */
  | 'ATTACHMENT_TOO_LARGE'
  /** There is too little history for an estimate: the findings say which threshold was missed. Breakage is booked at expiry meanwhile. */
  | 'HISTORY_TOO_THIN'
  /** Two persons are needed: who proposed may not approve, nor whoever gave the one or the other its access. */
  | 'SAME_PERSON'
  /** The database or the issuer of identities is busy or away, or the request took too long: try the same request again. */
  | 'UNAVAILABLE'
  /** A fault of ours. Quote the correlation id of the message. */
  | 'INTERNAL'
  /** No document is known by the hash: send it once with its text. */
  | 'PERSISTED_QUERY_NOT_FOUND'
  /** The server runs trusted documents alone, and this is none of them. */
  | 'DOCUMENT_NOT_TRUSTED';

/** Where a purchase stands with its payment. */
export type PurchaseStatus =
  /** Paid. */
  | 'PAID'
  /** Not paid; its due date may have come. */
  | 'INVOICED'
  /** Refunded. */
  | 'REFUNDED'
  /** Called off before it was paid. */
  | 'VOIDED';

/** One thing by which reports tell use apart. */
export type EventDimensionInput = {
  /** Such as `team`: 1 to 40 characters of a-z 0-9 _ . -, the first a letter. */
  readonly key: string;
  /** 1 to 100 characters, such as `research`. */
  readonly value: string;
};

/** What an account is for. Each maps to an account of your general ledger. */
export type AccountRole =
  /** What customers paid. Asset. */
  | 'CASH'
  /** Due, not yet paid. Asset. ASC 606-10-45-4. */
  | 'ACCOUNTS_RECEIVABLE'
  /** Earned before the right to be paid. Asset. ASC 606-10-45-3. */
  | 'UNBILLED_RECEIVABLE'
  /** The contract liability: paid or due, not yet earned. ASC 606-10-45-2. */
  | 'DEFERRED_REVENUE'
  /** Sales tax. Liability. ASC 606-10-32-2A. */
  | 'TAX_PAYABLE'
  /** Breakage that the law claims. Liability. ASC 606-10-55-49. */
  | 'UNCLAIMED_PROPERTY'
  /** Expected to be paid back. Liability. ASC 606-10-32-10. */
  | 'REFUND_LIABILITY'
  /** What an import of open lots took over from another book: cleared in the general ledger against its deferred revenue. Contra-liability. */
  | 'OPENING_BALANCES'
  /** Credits used. */
  | 'USAGE_REVENUE'
  /** Credits that never will be used. ASC 606-10-55-48. */
  | 'BREAKAGE_REVENUE'
  /** Used beyond what was bought. */
  | 'OVERAGE_REVENUE'
  /** Paid back beyond the carrying amount. Contra-revenue. */
  | 'REFUNDS'
  /** Lost chargebacks. Contra-revenue. */
  | 'DISPUTES'
  /** Loss (debit) or gain (credit) on settlement. ASC 830-20-35-1. */
  | 'FX_GAIN_LOSS';

/** A side of the journal. */
export type Side =
  /** Left: a positive signed amount. */
  | 'DEBIT'
  /** Right: a negative signed amount. */
  | 'CREDIT';

/** What an entry came from. */
export type EntryKind =
  /** A purchase paid at once: Dr cash, Cr deferred revenue, Cr tax payable. ASC 606-10-45-2. */
  | 'PURCHASE'
  /** The due date of an invoice: Dr accounts receivable, Cr deferred revenue, Cr tax payable. */
  | 'DUE'
  /** The payment of an invoice: Dr cash, Cr accounts receivable. */
  | 'PAYMENT'
  /** Credits used: Dr deferred revenue, Cr usage revenue. ASC 606-10-55-46. */
  | 'USAGE'
  /** Credits used before there was a liability: Dr unbilled receivable, Cr usage revenue. ASC 606-10-45-3. */
  | 'USAGE_UNBILLED'
  /** Used beyond the balance: Dr unbilled receivable, Cr overage revenue. */
  | 'OVERAGE'
  /** The liability clears the contract asset: Dr deferred revenue, Cr unbilled receivable. */
  | 'CLEARING'
  /** Expected breakage: Dr deferred revenue, Cr breakage revenue, Cr unclaimed property. ASC 606-10-55-48. */
  | 'BREAKAGE_EARLY'
  /** What a new estimate moved of it at once: Dr deferred revenue, Cr breakage revenue, Cr unclaimed property. ASC 606-10-25-35. */
  | 'BREAKAGE_CATCH_UP'
  /** Lapsed credits: Dr deferred revenue, Cr breakage revenue, Cr unclaimed property. */
  | 'BREAKAGE_EXPIRY'
  /** Credits whose use has become remote: Dr deferred revenue, Cr breakage revenue, Cr unclaimed property. */
  | 'BREAKAGE_REMOTE'
  /** A refund: Dr deferred revenue, Dr refunds, Cr cash. ASC 606-10-32-10. */
  | 'REFUND'
  /**
   * The void of an unpaid purchase. Due: Dr deferred revenue, Dr refunds (what was used), Dr tax payable, Cr accounts
   * receivable. Not due yet: Dr refunds, Cr unbilled receivable. ASC 606-10-45-2.
   */
  | 'VOID'
  /** A lost chargeback: Dr deferred revenue (what was unused), Dr disputes (what was used), Cr cash. ASC 606-10-32-10. */
  | 'DISPUTE'
  /** What open lots of another book carried at the cut-over, one entry a currency: Dr opening balances, Cr deferred revenue. */
  | 'OPENING'
  /** Unclaimed property was paid over to an authority: Dr unclaimed property, Cr cash. */
  | 'ESCHEAT'
  /** What two persons decided: its reason and its papers are with `manual`. */
  | 'MANUAL'
  /** A manual entry was taken back: its lines the other way round. */
  | 'MANUAL_REVERSAL';

/** A sale of credits: of a pack, whose tiers give the price, or of a custom deal with its own price. */
export type PurchaseCreateInput = {
  /** The external id of the customer. */
  readonly customer: string;
  /** The code of the pack; null for a custom deal. */
  readonly pack?: string | null | undefined;
  /** The code of the policy; the pack's, or `default`, where null. */
  readonly policy?: string | null | undefined;
  /** The credits bought, more than 0, at most 1,000,000,000, such as `10000`. */
  readonly credits: string;
  /** Credits on top, without a price of their own: on the same terms as those bought, unless `bonusTerms` are given; none where null. */
  readonly bonus?: string | null | undefined;
  /** Has the bonus be a lot of its own, with its own end and its part of the price. ASC 606-10-55-42. */
  readonly bonusTerms?: BonusTermsInput | null | undefined;
  /** What the credits bought would cost alone, more than 0, where that is not their price. With `bonusTerms` alone: the price is shared in proportion to it. */
  readonly standAlonePrice?: string | null | undefined;
  /** The price of a custom deal, without tax, with at most the decimals of the currency, such as `750.00`. Not with a pack. */
  readonly price?: string | null | undefined;
  /** The currency of a custom deal; the book's where null. Not with a pack. */
  readonly currency?: string | null | undefined;
  /** Sales tax on top, in the same currency; none where null. */
  readonly tax?: string | null | undefined;
  /** Functional currency per unit of the price's currency, such as `1.0842`. Where that is another currency and this is null, the rate of the day by `fxRates`, or the latest of the seven days before; `INVALID` where there is none. */
  readonly fxRate?: string | null | undefined;
  /** When it was bought; now where null. */
  readonly purchasedAt?: string | null | undefined;
  /** When the credits begin; `purchasedAt` where null. */
  readonly effectiveAt?: string | null | undefined;
  /** The first instant at which they can no longer be used. At most one of this, `expiresAfter` and `neverExpires`: it wins over the policy. */
  readonly expiresAt?: string | null | undefined;
  /** How long they last from their start, such as `P12M`. */
  readonly expiresAfter?: string | null | undefined;
  /** True where they never lapse. */
  readonly neverExpires?: boolean | null | undefined;
  /** Why they may lapse within 30 days of their start; such a sale is refused without it. */
  readonly shortExpiry?: string | null | undefined;
  /** The lower is used first, where the burn order asks for it; 100 where null. */
  readonly priority?: number | null | undefined;
  /** True where it is not paid yet: an invoice, due on `dueOn` if that is given. */
  readonly invoiced?: boolean | null | undefined;
  /** The day on which payment of an invoice falls due; where null, nothing is due before it is paid. */
  readonly dueOn?: string | null | undefined;
  /** True where the customer can still cancel an unpaid invoice: it never falls due, whatever `dueOn` says. */
  readonly cancellable?: boolean | null | undefined;
  /** Your own reference, such as an invoice number. */
  readonly reference?: string | null | undefined;
};

/** The terms of a bonus that is a lot of its own. It begins with the credits bought. */
export type BonusTermsInput = {
  /** The first instant at which it can no longer be used. At most one of this, `expiresAfter` and `neverExpires`: it wins over the policy of the bonus. */
  readonly expiresAt?: string | null | undefined;
  /** How long it lasts from its start, such as `P90D`. */
  readonly expiresAfter?: string | null | undefined;
  /** True where it never lapses. */
  readonly neverExpires?: boolean | null | undefined;
  /** Why it may lapse within 30 days of its start; such a bonus is refused without it. */
  readonly shortExpiry?: string | null | undefined;
  /** The code of its policy; that of the purchase where null. Its breakage is measured in the pool of that policy. */
  readonly policy?: string | null | undefined;
  /** The lower is used first, where the burn order asks for it; 100 where null. */
  readonly priority?: number | null | undefined;
  /** The share of it that is expected to be used: more than 0, at most 1, at most six decimals, such as `0.8`; 1 where null. */
  readonly likelihood?: string | null | undefined;
  /** What it would cost alone, were all of it used, more than 0, in the currency of the purchase; as much per credit as what is bought where null. */
  readonly standAlonePrice?: string | null | undefined;
};

/** One use: credits, or a meter and a quantity. */
export type UsageEventInput = {
  /** The id that you give it, unique within customer and source: 1 to 200 characters. It makes a repeat harmless. */
  readonly id: string;
  /** The system it comes from, at most 200 characters; `api` where null. */
  readonly source?: string | null | undefined;
  /** The external id of the customer. */
  readonly customer: string;
  /** The code of the meter. Give meter and quantity, or credits. */
  readonly meter?: string | null | undefined;
  /** How much, in the meter's unit, more than 0, at most nine decimals, such as `4808`. */
  readonly quantity?: string | null | undefined;
  /** Credits used, more than 0, such as `12.5`. Without a meter. */
  readonly credits?: string | null | undefined;
  /** When it happened; now where null. */
  readonly occurredAt?: string | null | undefined;
  /** What reports tell it apart by: at most 10, each key once. They never change, and an event that comes again says the same. */
  readonly dimensions?: ReadonlyArray<EventDimensionInput> | null | undefined;
};

/** What became of an event. */
export type UsageStatus =
  /** It is recorded now, and the balance is right. */
  | 'RECORDED'
  /** It was recorded before; nothing changed. */
  | 'DUPLICATE'
  /** It was refused; nothing was written. */
  | 'REJECTED';

export type AddCustomerMutationVariables = Exact<{
  externalId: string;
  name: string;
  key: string;
}>;


export type AddCustomerMutation = { readonly customerCreate: { readonly customer: { readonly id: string, readonly externalId: string, readonly name: string } | null, readonly userErrors: ReadonlyArray<{ readonly field: ReadonlyArray<string> | null, readonly code: ErrorCode, readonly message: string }> } | null };

export type SellPackMutationVariables = Exact<{
  input: PurchaseCreateInput;
  key: string;
}>;


export type SellPackMutation = { readonly purchaseCreate: { readonly purchase: { readonly id: string, readonly status: PurchaseStatus, readonly credits: string, readonly price: { readonly amount: string, readonly currency: string }, readonly lot: { readonly id: string, readonly granted: string, readonly expiresAt: string | null } } | null, readonly userErrors: ReadonlyArray<{ readonly field: ReadonlyArray<string> | null, readonly code: ErrorCode, readonly message: string }> } | null };

export type RecordUsageMutationVariables = Exact<{
  events: ReadonlyArray<UsageEventInput> | UsageEventInput;
}>;


export type RecordUsageMutation = { readonly usageRecord: { readonly recorded: number, readonly duplicates: number, readonly rejected: number, readonly outcomes: ReadonlyArray<{ readonly source: string, readonly eventId: string, readonly status: UsageStatus, readonly event: { readonly credits: string } | null, readonly error: { readonly field: ReadonlyArray<string> | null, readonly code: ErrorCode, readonly message: string } | null }> | null, readonly userErrors: ReadonlyArray<{ readonly field: ReadonlyArray<string> | null, readonly code: ErrorCode, readonly message: string }> } | null };

export type BalanceQueryVariables = Exact<{
  externalId: string;
}>;


export type BalanceQuery = { readonly customer: { readonly name: string, readonly balance: { readonly at: string, readonly credits: string, readonly lots: ReadonlyArray<{ readonly id: string, readonly granted: string, readonly remaining: string, readonly expiresAt: string | null }> } } | null };

export type JournalPageQueryVariables = Exact<{
  from?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type JournalPageQuery = { readonly entries: { readonly nodes: ReadonlyArray<{ readonly number: number, readonly kind: EntryKind, readonly accountingDate: string, readonly description: string, readonly lines: ReadonlyArray<{ readonly side: Side, readonly account: { readonly role: AccountRole }, readonly amount: { readonly amount: string, readonly currency: string }, readonly customer: { readonly externalId: string } | null }> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RefusalFragment = { readonly field: ReadonlyArray<string> | null, readonly code: ErrorCode, readonly message: string };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const RefusalFragmentDoc = new TypedDocumentString(`
    fragment Refusal on UserError {
  field
  code
  message
}
    `, {"fragmentName":"Refusal"}) as unknown as TypedDocumentString<RefusalFragment, unknown>;
export const AddCustomerDocument = new TypedDocumentString(`
    mutation AddCustomer($externalId: String!, $name: String!, $key: String!) {
  customerCreate(
    input: {externalId: $externalId, name: $name}
    idempotencyKey: $key
  ) {
    customer {
      id
      externalId
      name
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  field
  code
  message
}`) as unknown as TypedDocumentString<AddCustomerMutation, AddCustomerMutationVariables>;
export const SellPackDocument = new TypedDocumentString(`
    mutation SellPack($input: PurchaseCreateInput!, $key: String!) {
  purchaseCreate(input: $input, idempotencyKey: $key) {
    purchase {
      id
      status
      credits
      price {
        amount
        currency
      }
      lot {
        id
        granted
        expiresAt
      }
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  field
  code
  message
}`) as unknown as TypedDocumentString<SellPackMutation, SellPackMutationVariables>;
export const RecordUsageDocument = new TypedDocumentString(`
    mutation RecordUsage($events: [UsageEventInput!]!) {
  usageRecord(events: $events) {
    recorded
    duplicates
    rejected
    outcomes {
      source
      eventId
      status
      event {
        credits
      }
      error {
        ...Refusal
      }
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  field
  code
  message
}`) as unknown as TypedDocumentString<RecordUsageMutation, RecordUsageMutationVariables>;
export const BalanceDocument = new TypedDocumentString(`
    query Balance($externalId: String!) {
  customer(externalId: $externalId) {
    name
    balance {
      at
      credits
      lots {
        id
        granted
        remaining
        expiresAt
      }
    }
  }
}
    `) as unknown as TypedDocumentString<BalanceQuery, BalanceQueryVariables>;
export const JournalPageDocument = new TypedDocumentString(`
    query JournalPage($from: Date, $first: Int!, $after: String) {
  entries(from: $from, first: $first, after: $after) {
    nodes {
      number
      kind
      accountingDate
      description
      lines {
        account {
          role
        }
        side
        amount {
          amount
          currency
        }
        customer {
          externalId
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<JournalPageQuery, JournalPageQueryVariables>;