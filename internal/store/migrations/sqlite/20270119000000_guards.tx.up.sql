-- REPLACE takes the row that is in its way without asking the guards against deletion, so each table that keeps what
-- was written also refuses a row whose key it has; but for the counts of usage that was not recorded, which are sent again. What is refused is told apart from other refusals by its text: whoever
-- inserts hears what a unique key would have said.
--
-- An entry of a closed period takes no line more. Who proposed to open a month, and why, stays; it is decided once.
--
-- SQLite marks itself as applied in its own transaction, as the migrations before.

CREATE TRIGGER usage_events_no_replace BEFORE INSERT ON usage_events WHEN EXISTS (SELECT 1 FROM usage_events WHERE customer_id = NEW.customer_id AND id = NEW.id) OR EXISTS (SELECT 1 FROM usage_events WHERE customer_id = NEW.customer_id AND source = NEW.source AND event_id = NEW.event_id)
BEGIN SELECT RAISE(ABORT, 'usage_events is append-only, and has a row of this key'); END;
CREATE TRIGGER draws_no_replace BEFORE INSERT ON draws WHEN EXISTS (SELECT 1 FROM draws WHERE customer_id = NEW.customer_id AND event_id = NEW.event_id AND lot_id = NEW.lot_id)
BEGIN SELECT RAISE(ABORT, 'draws is append-only, and has a row of this key'); END;
CREATE TRIGGER recognitions_no_replace BEFORE INSERT ON recognitions WHEN EXISTS (SELECT 1 FROM recognitions WHERE customer_id = NEW.customer_id AND id = NEW.id) OR EXISTS (SELECT 1 FROM recognitions WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'recognitions is append-only, and has a row of this key'); END;
CREATE TRIGGER entries_no_replace BEFORE INSERT ON entries WHEN EXISTS (SELECT 1 FROM entries WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'entries is append-only, and has a row of this key'); END;
CREATE TRIGGER lines_no_replace BEFORE INSERT ON lines WHEN EXISTS (SELECT 1 FROM lines WHERE entry_number = NEW.entry_number AND line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'lines is append-only, and has a row of this key'); END;
CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM audit_events WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only, and has a row of this key'); END;
CREATE TRIGGER lot_changes_no_replace BEFORE INSERT ON lot_changes WHEN EXISTS (SELECT 1 FROM lot_changes WHERE customer_id = NEW.customer_id AND lot_id = NEW.lot_id AND id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'lot_changes is append-only, and has a row of this key'); END;
CREATE TRIGGER hold_parts_no_replace BEFORE INSERT ON hold_parts WHEN EXISTS (SELECT 1 FROM hold_parts WHERE customer_id = NEW.customer_id AND hold_id = NEW.hold_id AND lot_id = NEW.lot_id)
BEGIN SELECT RAISE(ABORT, 'hold_parts is append-only, and has a row of this key'); END;
CREATE TRIGGER budgets_no_replace BEFORE INSERT ON budgets WHEN EXISTS (SELECT 1 FROM budgets WHERE customer_id = NEW.customer_id AND id = NEW.id) OR EXISTS (SELECT 1 FROM budgets WHERE customer_id = NEW.customer_id AND name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'budgets is append-only, and has a row of this key'); END;
CREATE TRIGGER budget_versions_no_replace BEFORE INSERT ON budget_versions WHEN EXISTS (SELECT 1 FROM budget_versions WHERE customer_id = NEW.customer_id AND budget_id = NEW.budget_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'budget_versions is append-only, and has a row of this key'); END;
CREATE TRIGGER budget_draws_no_replace BEFORE INSERT ON budget_draws WHEN EXISTS (SELECT 1 FROM budget_draws WHERE customer_id = NEW.customer_id AND event_id = NEW.event_id AND budget_id = NEW.budget_id)
BEGIN SELECT RAISE(ABORT, 'budget_draws is append-only, and has a row of this key'); END;
CREATE TRIGGER pack_versions_no_replace BEFORE INSERT ON pack_versions WHEN EXISTS (SELECT 1 FROM pack_versions WHERE pack_id = NEW.pack_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'pack_versions is append-only, and has a row of this key'); END;
CREATE TRIGGER pack_version_tiers_no_replace BEFORE INSERT ON pack_version_tiers WHEN EXISTS (SELECT 1 FROM pack_version_tiers WHERE pack_id = NEW.pack_id AND number = NEW.number AND credits = NEW.credits)
BEGIN SELECT RAISE(ABORT, 'pack_version_tiers is append-only, and has a row of this key'); END;
CREATE TRIGGER rate_cards_no_replace BEFORE INSERT ON rate_cards WHEN EXISTS (SELECT 1 FROM rate_cards WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'rate_cards is append-only, and has a row of this key'); END;
CREATE TRIGGER rates_no_replace BEFORE INSERT ON rates WHEN EXISTS (SELECT 1 FROM rates WHERE rate_card = NEW.rate_card AND meter_id = NEW.meter_id)
BEGIN SELECT RAISE(ABORT, 'rates is append-only, and has a row of this key'); END;
CREATE TRIGGER period_closings_no_replace BEFORE INSERT ON period_closings WHEN EXISTS (SELECT 1 FROM period_closings WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM period_closings WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'period_closings is append-only, and has a row of this key'); END;
CREATE TRIGGER closing_balances_no_replace BEFORE INSERT ON closing_balances WHEN EXISTS (SELECT 1 FROM closing_balances WHERE closing_id = NEW.closing_id AND account = NEW.account AND currency = NEW.currency)
BEGIN SELECT RAISE(ABORT, 'closing_balances is append-only, and has a row of this key'); END;
CREATE TRIGGER close_task_marks_no_replace BEFORE INSERT ON close_task_marks WHEN EXISTS (SELECT 1 FROM close_task_marks WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM close_task_marks WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'close_task_marks is append-only, and has a row of this key'); END;
CREATE TRIGGER payments_no_replace BEFORE INSERT ON payments WHEN EXISTS (SELECT 1 FROM payments WHERE customer_id = NEW.customer_id AND purchase_id = NEW.purchase_id AND id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'payments is append-only, and has a row of this key'); END;
CREATE TRIGGER fx_rates_no_replace BEFORE INSERT ON fx_rates WHEN EXISTS (SELECT 1 FROM fx_rates WHERE currency = NEW.currency AND day = NEW.day)
BEGIN SELECT RAISE(ABORT, 'fx_rates is append-only, and has a row of this key'); END;
CREATE TRIGGER escheat_rules_no_replace BEFORE INSERT ON escheat_rules WHEN EXISTS (SELECT 1 FROM escheat_rules WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'escheat_rules is append-only, and has a row of this key'); END;
CREATE TRIGGER escheat_payments_no_replace BEFORE INSERT ON escheat_payments WHEN EXISTS (SELECT 1 FROM escheat_payments WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'escheat_payments is append-only, and has a row of this key'); END;
CREATE TRIGGER escheat_payment_parts_no_replace BEFORE INSERT ON escheat_payment_parts WHEN EXISTS (SELECT 1 FROM escheat_payment_parts WHERE payment_id = NEW.payment_id AND lapsed_on = NEW.lapsed_on)
BEGIN SELECT RAISE(ABORT, 'escheat_payment_parts is append-only, and has a row of this key'); END;
CREATE TRIGGER estimates_no_replace BEFORE INSERT ON estimates WHEN EXISTS (SELECT 1 FROM estimates WHERE policy_id = NEW.policy_id AND id = NEW.id) OR EXISTS (SELECT 1 FROM estimates WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'estimates is append-only, and has a row of this key'); END;
CREATE TRIGGER estimate_files_no_replace BEFORE INSERT ON estimate_files WHEN EXISTS (SELECT 1 FROM estimate_files WHERE policy_id = NEW.policy_id AND estimate_id = NEW.estimate_id) OR EXISTS (SELECT 1 FROM estimate_files WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'estimate_files is append-only, and has a row of this key'); END;
CREATE TRIGGER estimate_attachments_no_replace BEFORE INSERT ON estimate_attachments WHEN EXISTS (SELECT 1 FROM estimate_attachments WHERE policy_id = NEW.policy_id AND estimate_id = NEW.estimate_id AND name = NEW.name) OR EXISTS (SELECT 1 FROM estimate_attachments WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'estimate_attachments is append-only, and has a row of this key'); END;
CREATE TRIGGER estimate_reviews_no_replace BEFORE INSERT ON estimate_reviews WHEN EXISTS (SELECT 1 FROM estimate_reviews WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM estimate_reviews WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'estimate_reviews is append-only, and has a row of this key'); END;
CREATE TRIGGER manual_entry_lines_no_replace BEFORE INSERT ON manual_entry_lines WHEN EXISTS (SELECT 1 FROM manual_entry_lines WHERE manual_id = NEW.manual_id AND line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'manual_entry_lines is append-only, and has a row of this key'); END;
CREATE TRIGGER manual_attachments_no_replace BEFORE INSERT ON manual_attachments WHEN EXISTS (SELECT 1 FROM manual_attachments WHERE manual_id = NEW.manual_id AND name = NEW.name) OR EXISTS (SELECT 1 FROM manual_attachments WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'manual_attachments is append-only, and has a row of this key'); END;
CREATE TRIGGER seals_no_replace BEFORE INSERT ON seals WHEN EXISTS (SELECT 1 FROM seals WHERE number = NEW.number) OR EXISTS (SELECT 1 FROM seals WHERE closing_id = NEW.closing_id)
BEGIN SELECT RAISE(ABORT, 'seals is append-only, and has a row of this key'); END;
CREATE TRIGGER seal_keys_no_replace BEFORE INSERT ON seal_keys WHEN EXISTS (SELECT 1 FROM seal_keys WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'seal_keys is append-only, and has a row of this key'); END;
CREATE TRIGGER seal_leaves_no_replace BEFORE INSERT ON seal_leaves WHEN EXISTS (SELECT 1 FROM seal_leaves WHERE leaf_index = NEW.leaf_index) OR EXISTS (SELECT 1 FROM seal_leaves WHERE entry_number = NEW.entry_number)
BEGIN SELECT RAISE(ABORT, 'seal_leaves is append-only, and has a row of this key'); END;
CREATE TRIGGER seal_hashes_no_replace BEFORE INSERT ON seal_hashes WHEN EXISTS (SELECT 1 FROM seal_hashes WHERE position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'seal_hashes is append-only, and has a row of this key'); END;
CREATE TRIGGER export_target_versions_no_replace BEFORE INSERT ON export_target_versions WHEN EXISTS (SELECT 1 FROM export_target_versions WHERE target_id = NEW.target_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'export_target_versions is append-only, and has a row of this key'); END;
CREATE TRIGGER export_answers_no_replace BEFORE INSERT ON export_answers WHEN EXISTS (SELECT 1 FROM export_answers WHERE batch_id = NEW.batch_id AND journal = NEW.journal)
BEGIN SELECT RAISE(ABORT, 'export_answers is append-only, and has a row of this key'); END;
CREATE TRIGGER export_journals_no_replace BEFORE INSERT ON export_journals WHEN EXISTS (SELECT 1 FROM export_journals WHERE batch_id = NEW.batch_id AND journal = NEW.journal AND in_book = NEW.in_book AND currency = NEW.currency)
BEGIN SELECT RAISE(ABORT, 'export_journals is append-only, and has a row of this key'); END;
CREATE TRIGGER gl_codes_no_replace BEFORE INSERT ON gl_codes WHEN EXISTS (SELECT 1 FROM gl_codes WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'gl_codes is append-only, and has a row of this key'); END;
CREATE TRIGGER reconciliations_no_replace BEFORE INSERT ON reconciliations WHEN EXISTS (SELECT 1 FROM reconciliations WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM reconciliations WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'reconciliations is append-only, and has a row of this key'); END;
CREATE TRIGGER cohort_moves_no_replace BEFORE INSERT ON cohort_moves WHEN EXISTS (SELECT 1 FROM cohort_moves WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'cohort_moves is append-only, and has a row of this key'); END;
CREATE TRIGGER pool_moves_no_replace BEFORE INSERT ON pool_moves WHEN EXISTS (SELECT 1 FROM pool_moves WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'pool_moves is append-only, and has a row of this key'); END;
CREATE TRIGGER disputes_no_replace BEFORE INSERT ON disputes WHEN EXISTS (SELECT 1 FROM disputes WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'disputes is append-only, and has a row of this key'); END;
CREATE TRIGGER manual_entries_no_replace BEFORE INSERT ON manual_entries WHEN EXISTS (SELECT 1 FROM manual_entries WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'manual_entries is append-only, and has a row of this key'); END;
CREATE TRIGGER estimate_proposals_no_replace BEFORE INSERT ON estimate_proposals WHEN EXISTS (SELECT 1 FROM estimate_proposals WHERE policy_id = NEW.policy_id AND id = NEW.id) OR EXISTS (SELECT 1 FROM estimate_proposals WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'estimate_proposals is append-only, and has a row of this key'); END;
CREATE TRIGGER period_reopens_no_replace BEFORE INSERT ON period_reopens WHEN EXISTS (SELECT 1 FROM period_reopens WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM period_reopens WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'period_reopens is append-only, and has a row of this key'); END;

CREATE TRIGGER lines_closed AFTER INSERT ON lines
WHEN (SELECT accounting_date FROM entries WHERE number = NEW.entry_number) <= (SELECT day FROM closed_through WHERE one = 1)
BEGIN SELECT RAISE(ABORT, 'the period is closed: book under a day of an open one'); END;

CREATE TRIGGER period_reopens_decided BEFORE UPDATE ON period_reopens
WHEN NEW.id <> OLD.id OR NEW.period <> OLD.period OR NEW.reason <> OLD.reason OR NEW.proposer <> OLD.proposer OR NEW.created_at_us <> OLD.created_at_us
    OR NOT (OLD.status = 'PROPOSED' AND NEW.status IN ('APPROVED', 'REJECTED'))
BEGIN SELECT RAISE(ABORT, 'what was proposed is decided once, and does not change otherwise: propose again'); END;
CREATE TRIGGER period_reopens_no_delete BEFORE DELETE ON period_reopens
BEGIN SELECT RAISE(ABORT, 'what was proposed stays'); END;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270119000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
