CREATE TABLE council_number ( -- numbers that the council has entered over those that Doorstep ships with; one that has begun stays
    name TEXT NOT NULL,
    from_day TEXT NOT NULL, -- the first day on which it holds, in Europe/London: 2026-11-24
    value BIGINT NOT NULL,
    source TEXT NOT NULL,
    entered_ms BIGINT NOT NULL,
    entered_by TEXT NOT NULL,
    PRIMARY KEY (name, from_day)
);

-- For searching there is nothing to change here: PostgreSQL keeps long text apart, so that rows are short to look through.
