// Sells a pack, meters tokens, shows the balance and pulls the journal. It runs as often as
// one likes: whatever it sends a second time has happened already.
import { balanceOf } from './balance.js';
import { Drawdown } from './client.js';
import { journal, minor } from './journal.js';
import { meter, stream } from './meter.js';
import { sellPack } from './sell.js';

const api = new Drawdown(process.env['DRAWDOWN_URL'] ?? 'http://127.0.0.1:8080/', process.env['DRAWDOWN_TOKEN']);
const customer = 'typescript-inc';

const purchase = await sellPack(api, { number: 'TS-1', customer, pack: 'credits', credits: '1000' });
console.log(`sold ${purchase.credits} credits for ${purchase.price.amount} ${purchase.price.currency}`);

const events = [
  { id: 'req-1', customer, meter: 'tokens_in', quantity: '4808' },
  { id: 'req-2', customer, meter: 'tokens_out', quantity: '250' },
  { id: 'req-3', customer, credits: '5000' }, // more than there is
];
const first = await meter(api, events, (id, code) => console.log(`refused ${id}: ${code}`));
console.log(`metered: ${first.recorded} recorded, ${first.duplicates} duplicates, ${first.rejected} refused`);
const again = await meter(api, events.slice(0, 2), () => undefined);
console.log(`sent again: ${again.recorded} recorded, ${again.duplicates} duplicates`);

const many = Array.from({ length: 1000 }, (_, i) => ({ id: `stream-${i}`, customer, credits: '0.01' }));
const streamed = await stream(api, many);
console.log(`streamed: ${streamed.recorded + streamed.duplicates} of ${many.length} are recorded`);

const balance = await balanceOf(api, customer);
console.log(`balance: ${balance.credits} credits in ${balance.lots.length} lot`);

let cursor: string | null = null;
let [entries, pages, debits, credits] = [0, 0, 0n, 0n];
for await (const page of journal(api, cursor)) {
  pages++;
  for (const entry of page.entries) {
    entries++;
    for (const { amount } of entry.lines) {
      const value = minor(amount.amount);
      value > 0n ? (debits += value) : (credits -= value);
    }
  }
  cursor = page.cursor;
}
console.log(`journal: ${entries} entries on ${pages} pages, ${debits === credits ? 'debits equal credits' : 'OUT OF BALANCE'}`);
let more = 0;
for await (const page of journal(api, cursor)) {
  more += page.entries.length;
}
console.log(`journal from where it ended: ${more} entries more`);
