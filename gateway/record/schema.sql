-- The state: tables that pages and queries use. Derived from the journal and nothing else: every row
-- names the entry (seq) it came from, `meta.applied` is the last sequence applied, and deleting the file
-- loses nothing. A schema change raises user_version, and the state is made again.
PRAGMA user_version = 1;

CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE line(
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, transport TEXT NOT NULL, address TEXT NOT NULL,
  name_zh TEXT NOT NULL, name_en TEXT NOT NULL, settings TEXT NOT NULL,
  status TEXT NOT NULL, code TEXT NOT NULL, text_zh TEXT NOT NULL, text_en TEXT NOT NULL,
  since_ns INTEGER NOT NULL, seq INTEGER NOT NULL, generation INTEGER NOT NULL, end_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE instrument(
  id TEXT PRIMARY KEY, line TEXT NOT NULL, position INTEGER NOT NULL, driver TEXT NOT NULL,
  driver_sha256 TEXT NOT NULL, spec TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  model TEXT NOT NULL, serial TEXT NOT NULL, serial_seen TEXT NOT NULL, model_seen TEXT NOT NULL,
  calibrated_until TEXT NOT NULL, location TEXT NOT NULL, seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Last reading of each channel; band: what lab.xml allows, as text, '' for none.
CREATE TABLE channel(
  instrument TEXT NOT NULL, channel TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  band_low TEXT NOT NULL, band_high TEXT NOT NULL,
  value TEXT NOT NULL, unit TEXT NOT NULL, flags INTEGER NOT NULL, reason TEXT NOT NULL,
  wall_ns INTEGER NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL,
  PRIMARY KEY(instrument, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading(
  seq INTEGER NOT NULL, idx INTEGER NOT NULL, instrument TEXT NOT NULL, channel TEXT NOT NULL,
  value TEXT NOT NULL, unit TEXT NOT NULL, flags INTEGER NOT NULL, reason TEXT NOT NULL, sample TEXT NOT NULL,
  wall_ns INTEGER NOT NULL, mono_ns INTEGER NOT NULL,
  PRIMARY KEY(seq, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX reading_by_channel ON reading(instrument, channel, wall_ns);

-- The latest exchanges, for the list of frames; older ones are read from the journal.
CREATE TABLE exchange(
  seq INTEGER PRIMARY KEY, line TEXT NOT NULL, instrument TEXT NOT NULL, wall_ns INTEGER NOT NULL,
  outcome TEXT NOT NULL, solicited INTEGER NOT NULL, received BLOB NOT NULL, detail TEXT NOT NULL,
  fate TEXT NOT NULL -- '', 'filled', 'evidence', 'unassigned', 'refused'
) STRICT;

CREATE TABLE batch(
  id TEXT PRIMARY KEY, product TEXT NOT NULL, name TEXT NOT NULL, producer TEXT NOT NULL, lot TEXT NOT NULL,
  produced TEXT NOT NULL, amount TEXT NOT NULL, origin TEXT NOT NULL, received_ns INTEGER NOT NULL,
  sample TEXT NOT NULL, status TEXT NOT NULL, -- to-test, testing, awaiting-review, awaiting-release, void
  verdict TEXT NOT NULL, -- '' none yet, else pass, fail, undetermined
  seq INTEGER NOT NULL, verdict_seq INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE test(
  id TEXT PRIMARY KEY, batch TEXT NOT NULL, position INTEGER NOT NULL, analyte TEXT NOT NULL,
  method TEXT NOT NULL, status TEXT NOT NULL, -- to-test, testing, done, void
  evidence_instrument TEXT NOT NULL, result TEXT NOT NULL, verdict TEXT NOT NULL, seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each slot (and for each repeated weighing of it, ordinal from 1).
CREATE TABLE slot(
  test TEXT NOT NULL, slot TEXT NOT NULL, replicate INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  status TEXT NOT NULL, -- empty, armed, filled, refused
  instrument TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL, typed INTEGER NOT NULL,
  reason TEXT NOT NULL, reason_zh TEXT NOT NULL, reason_en TEXT NOT NULL,
  exchange_seq INTEGER, exchange_idx INTEGER, wall_ns INTEGER NOT NULL, mono_ns INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY(test, slot, replicate, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE result(
  id TEXT PRIMARY KEY, test TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL,
  exact TEXT NOT NULL, derivation TEXT NOT NULL, seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- subject: result id or batch id.
CREATE TABLE verdict(
  subject TEXT NOT NULL, seq INTEGER NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL, -- JSON list
  standard TEXT NOT NULL, clause TEXT NOT NULL, limit_text TEXT NOT NULL, compared TEXT NOT NULL,
  text_zh TEXT NOT NULL, text_en TEXT NOT NULL, derivation TEXT NOT NULL,
  PRIMARY KEY(subject, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE review(
  seq INTEGER PRIMARY KEY, batch TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL,
  wall_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE spec(path TEXT NOT NULL, sha256 TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(path, sha256)) STRICT, WITHOUT ROWID;
CREATE TABLE driver(name TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY(name, sha256)) STRICT, WITHOUT ROWID;
