-- Runs, the state that they fold into, incidents and what reporters were told. Times are milliseconds since 1970, in UTC;
-- documents are JSON. Keys are made by the client.

-- +goose Up
CREATE TABLE runs (
    id         TEXT   NOT NULL PRIMARY KEY, -- UUIDv7, so that their order is the order of starts
    scenario   TEXT   NOT NULL,
    browser    TEXT   NOT NULL,
    location   TEXT   NOT NULL,
    due        BIGINT,                      -- NULL: asked for by hand
    started    BIGINT NOT NULL,
    duration   BIGINT NOT NULL,             -- milliseconds
    attempts   BIGINT NOT NULL,
    outcome    TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    failed_step BIGINT NOT NULL,            -- 0: none
    failed_name TEXT  NOT NULL,
    class      TEXT   NOT NULL,             -- of the failure; empty: none
    message    TEXT   NOT NULL,
    document   TEXT   NOT NULL,
    UNIQUE (scenario, due)
);
CREATE INDEX runs_by_scenario ON runs (scenario, id);
CREATE INDEX runs_by_start ON runs (started);

CREATE TABLE artifacts (
    run    TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run, sha256)
);

CREATE TABLE incidents (
    id       TEXT   NOT NULL PRIMARY KEY, -- of the run that opened it
    scenario TEXT   NOT NULL,
    opened   BIGINT NOT NULL,
    resolved BIGINT,                      -- NULL: open
    version  BIGINT NOT NULL,
    document TEXT   NOT NULL,             -- without the run that opened it
    first    TEXT   NOT NULL              -- that run's document, which outlives the run
);
CREATE UNIQUE INDEX incidents_open ON incidents (scenario) WHERE resolved IS NULL;
CREATE INDEX incidents_resolved ON incidents (resolved) WHERE resolved IS NOT NULL;

-- What is remembered of a scenario between two runs.
CREATE TABLE states (
    scenario     TEXT   NOT NULL PRIMARY KEY,
    failures     BIGINT NOT NULL,
    passes       BIGINT NOT NULL,
    since        BIGINT,         -- start of the streak of failures; NULL: none
    last_run     TEXT   NOT NULL, -- of any outcome
    last_started BIGINT NOT NULL,
    played       TEXT             -- the last run that was not skipped or aborted
);

CREATE TABLE deliveries (
    incident TEXT   NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    reporter TEXT   NOT NULL,
    version  BIGINT NOT NULL, -- that the reporter is to tell
    told     BIGINT NOT NULL, -- that it has told; 0: nothing
    since    BIGINT NOT NULL, -- from when on there was something to tell
    begun    BIGINT NOT NULL, -- 1: a report is under way, or was cut off
    memory   TEXT,            -- what the reporter keeps for itself
    attempts BIGINT NOT NULL, -- in vain, since it last told something
    error    TEXT   NOT NULL, -- of the last of them
    PRIMARY KEY (incident, reporter)
);
CREATE INDEX deliveries_undelivered ON deliveries (since) WHERE told < version;
