-- Draws come in order of their day, more or less: an index of a few pages finds those of a span,
-- which margins add up, and costs those who write nothing.
CREATE INDEX IF NOT EXISTS draws_day ON draws USING brin (day);
