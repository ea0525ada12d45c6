-- When mail first failed for a notice: it is given up 72 hours after that, not after it was queued.
-- Waiting for the hours a person chose is not failing.
alter table outbox add column failing_since timestamptz;
