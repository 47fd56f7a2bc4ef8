-- Somebody who says that they work alone, in a record that was set aside: help is not to wait for a decision about it.
ALTER TABLE set_aside ADD COLUMN alone_until_ms BIGINT; -- not before this they should be out; null once it was looked at

CREATE INDEX set_aside_alone ON set_aside (alone_until_ms) WHERE alone_until_ms IS NOT NULL;
