import { type Drawdown, must, Refused } from './client.js';
import { RecordUsageDocument, type UsageEventInput } from './generated.js';

export interface Sums {
  recorded: number;
  duplicates: number;
  rejected: number;
}

/**
 * Records events. Each bears its own id, so a batch whose answer was lost is sent again as it
 * is: what was recorded is a duplicate then. An event that is refused leaves the others
 * standing, and is told.
 */
export async function meter(api: Drawdown, events: readonly UsageEventInput[], refused: (id: string, code: string, message: string) => void): Promise<Sums> {
  const { usageRecord } = await api.ask(RecordUsageDocument, { events });
  const { outcomes, recorded, duplicates, rejected } = must(usageRecord);
  for (const { eventId, error } of outcomes ?? []) {
    if (error) {
      refused(eventId, error.code, error.message);
    }
  }
  return { recorded, duplicates, rejected };
}

/** Streams events of any number in one request, a line each. */
export async function stream(api: Drawdown, events: Iterable<UsageEventInput>): Promise<Sums> {
  const encoder = new TextEncoder();
  const lines = async function* () {
    for (const event of events) {
      yield encoder.encode(`${JSON.stringify(event)}\n`);
    }
  };
  const response = await fetch(new URL('v1/usage', api.url), {
    method: 'POST',
    headers: api.headers({ 'content-type': 'application/x-ndjson' }),
    body: lines(),
    duplex: 'half',
  });
  const answer = (await response.json()) as Sums & { stopped?: { code: string; message: string; retryAfter?: number } };
  if (answer.stopped || !response.ok) {
    const { code, message, retryAfter } = answer.stopped ?? { code: 'INTERNAL', message: `${response.status}` };
    throw new Refused(code, message, retryAfter);
  }
  return answer;
}
