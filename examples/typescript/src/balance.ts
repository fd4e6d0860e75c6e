import type { Drawdown } from './client.js';
import { BalanceDocument, type BalanceQuery } from './generated.js';

export type Balance = NonNullable<BalanceQuery['customer']>['balance'];

/** Returns what a customer can use now: right as soon as usage was acknowledged. */
export async function balanceOf(api: Drawdown, customer: string): Promise<Balance> {
  const answer = await api.ask(BalanceDocument, { externalId: customer });
  if (!answer.customer) {
    throw new Error(`there is no customer ${customer}`);
  }
  return answer.customer.balance;
}
