import { type Drawdown, must } from './client.js';
import { AddCustomerDocument, SellPackDocument, type SellPackMutation } from './generated.js';

export type Purchase = NonNullable<NonNullable<SellPackMutation['purchaseCreate']>['purchase']>;

/**
 * Sells credits of a pack. The order's own number is the key: however often the shop sends
 * it, it is sold once.
 */
export async function sellPack(api: Drawdown, order: { number: string; customer: string; pack: string; credits: string }): Promise<Purchase> {
  const added = await api.ask(AddCustomerDocument, { externalId: order.customer, name: order.customer, key: `customer-${order.customer}` });
  must(added.customerCreate);
  const { purchaseCreate } = await api.ask(SellPackDocument, {
    input: { customer: order.customer, pack: order.pack, credits: order.credits, reference: order.number },
    key: `order-${order.number}`,
  });
  const { purchase } = must(purchaseCreate);
  if (!purchase) {
    throw new Error('no purchase');
  }
  return purchase;
}
