import type { ErrorCode, TypedDocumentString } from './generated.js';

/** What the server refused, with the code by which a program decides. */
export class Refused extends Error {
  constructor(
    readonly code: ErrorCode | (string & {}),
    message: string,
    /** Seconds after which the same request may succeed. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

interface Answer<Result> {
  data?: Result | null;
  errors?: readonly { message: string; extensions?: { code?: string; retryAfter?: number } }[];
}

/** Codes after which the same request may be sent again. */
const passing = new Set<string>(['OVERLOADED', 'RATE_LIMITED', 'UNAVAILABLE']);
const tries = 5;

/** A client of one server. */
export class Drawdown {
  constructor(
    readonly url: string,
    private readonly token?: string,
  ) {}

  /**
   * Sends an operation and returns its data. What passes is tried again, which is always
   * safe: a mutation bears its key, an event its id.
   */
  async ask<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables): Promise<Result> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.once(document, variables);
      } catch (error) {
        const passes = error instanceof Refused ? passing.has(error.code) : error instanceof TypeError; // fetch throws it where nobody answers
        if (!passes || tried === tries) {
          throw error;
        }
        const seconds = (error instanceof Refused && error.retryAfter) || 0.1 * 2 ** tried;
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
    }
  }

  private async once<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables): Promise<Result> {
    const response = await fetch(new URL('graphql', this.url), {
      method: 'POST',
      headers: this.headers({ 'content-type': 'application/json', accept: 'application/graphql-response+json' }),
      body: JSON.stringify({ query: document, variables }),
    });
    const answer = (await response.json()) as Answer<Result>;
    const [error] = answer.errors ?? [];
    if (error) {
      throw new Refused(error.extensions?.code ?? 'INTERNAL', error.message, error.extensions?.retryAfter);
    }
    if (!answer.data) {
      throw new Refused('INTERNAL', `${response.status} without data`);
    }
    return answer.data;
  }

  /** The headers of a request, with the token where there is one. */
  headers(more: Record<string, string>): Record<string, string> {
    return this.token ? { ...more, authorization: `Bearer ${this.token}` } : more;
  }
}

/** Throws the first of what a payload says is wrong. */
export function must<Payload extends { userErrors: readonly { code: ErrorCode; field: readonly string[] | null; message: string }[] }>(
  payload: Payload | null,
): Payload {
  const [error] = payload?.userErrors ?? [];
  if (error) {
    throw new Refused(error.code, [error.field?.join('.'), error.message].filter(Boolean).join(': '));
  }
  if (!payload) {
    throw new Refused('INTERNAL', 'no payload');
  }
  return payload;
}
