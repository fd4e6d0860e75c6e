import type { Drawdown } from './client.js';
import { JournalPageDocument, type JournalPageQuery } from './generated.js';

export type Entry = JournalPageQuery['entries']['nodes'][number];

/**
 * Pulls the journal page by page. Each page comes with the cursor to go on from: keep it when
 * the page is safe on your side, and give it next time. Entries never change and their
 * numbers have no gaps, so nothing is missed and nothing comes twice.
 */
export async function* journal(api: Drawdown, after: string | null, first = 200): AsyncGenerator<{ entries: readonly Entry[]; cursor: string }> {
  for (;;) {
    const { entries } = await api.ask(JournalPageDocument, { first, after });
    const { endCursor, hasNextPage } = entries.pageInfo;
    if (endCursor === null) {
      return; // nothing new
    }
    yield { entries: entries.nodes, cursor: endCursor };
    if (!hasNextPage) {
      return;
    }
    after = endCursor;
  }
}

/** Minor units of an amount such as "-12.50": money never passes through a number. */
export function minor(amount: string): bigint {
  return BigInt(amount.replace('.', ''));
}
