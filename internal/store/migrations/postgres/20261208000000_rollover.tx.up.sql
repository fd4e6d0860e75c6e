-- What of unused credits lives on after their expiry: the share and the time of a policy.
-- rolled_accepts_until_us is set while a lot is to roll over: it is until when the lot will
-- accept late use once it has. accepts_until_us is NULL so long, so that the index of open
-- lots still finds a lot that has expired and that nobody has had to hold since.

ALTER TABLE policies ADD COLUMN IF NOT EXISTS rollover_share TEXT COLLATE "C";
ALTER TABLE policies ADD COLUMN IF NOT EXISTS rollover_extend TEXT COLLATE "C";

ALTER TABLE lots ADD COLUMN IF NOT EXISTS rolled_accepts_until_us BIGINT;
