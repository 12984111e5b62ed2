-- Money is numeric(29,0) in base units; times are bigint unix milliseconds on the server's clock.

create table account (
  id text primary key,
  kind text not null check (kind in ('person', 'payer')),
  subject text unique,               -- the issuer's `sub`; null until the person has signed in, and for payers
  username text unique,              -- null for payers
  name text not null,
  address text not null unique,
  custody text not null check (custody in ('managed', 'self')),
  sealed_key text,                   -- private key under the vault's master key; null where custody is `self`
  next_nonce integer not null default 0,
  created_at bigint not null
);

create table allocation (
  id text primary key,
  name text not null,
  kind text not null check (kind in ('course', 'lab', 'person')),
  state text not null,
  owner text not null references account,
  payer text not null unique references account,
  granted numeric(29,0) not null check (granted >= 0),
  valid_until bigint not null,       -- unix seconds
  created_at bigint not null
);

create table membership (
  allocation text not null references allocation,
  account text not null references account,
  cap numeric(29,0) not null check (cap >= 0),
  per_job_max numeric(29,0) not null check (per_job_max >= 0),
  granted_on_chain boolean not null default false,
  primary key (allocation, account)
);
create index membership_by_account on membership (account);

create table quote (
  job_id text primary key,
  account text not null references account,
  allocation text not null references allocation,
  spec_hash text not null,
  terms jsonb not null,              -- order, digest, class speed, image tag
  expires_at bigint not null,
  used_at bigint
);

create table job (
  id text primary key,
  account text not null references account,
  allocation text not null references allocation,
  state text not null,
  spec jsonb not null,
  spec_hash text not null,
  cells_hash text not null default '', -- of image and cells' source, to find past runs of the same
  image_tag text not null,
  class text not null,
  speed_milli integer not null,
  order_json jsonb not null,
  order_digest text not null unique,
  order_signature text not null,
  ceiling numeric(29,0) not null,
  price numeric(29,0) not null default 0,
  held numeric(29,0) not null,
  refunded numeric(29,0) not null default 0,
  prio double precision not null default 0,
  eligible_at bigint not null,
  submitted_at bigint not null,
  started_at bigint,
  ended_at bigint,
  used_ms bigint not null default 0,
  attempt_no integer not null default 0,
  cancel_requested_at bigint,
  progress jsonb,
  failure jsonb,
  receipt_hash text,
  last_seq integer not null default 0
);
create index job_by_account on job (account, id desc);
create index job_by_cells on job (cells_hash, class, ended_at desc) where cells_hash <> '' and failure is null and ended_at is not null;
create index job_live on job (state) where state in ('queued', 'running');

-- One row per class that a queued job accepts: matching is by equality.
create table queued (
  job text not null references job on delete cascade,
  class_id text not null,
  prio double precision not null,
  primary key (job, class_id)
);
create index queued_by_class on queued (class_id, prio desc, job);

create table rig (
  id text primary key,
  name text not null,
  wire_key text not null unique,
  receipt_address text not null unique,
  payout_address text not null,
  state text not null,
  inventory jsonb not null,
  measured_speed_milli integer,
  images jsonb not null default '[]',
  epoch integer not null default 0,
  boot_id text,
  connected boolean not null default false,
  enrolled_at bigint not null,
  enrolled_by text references account,
  registered_tx text                 -- transaction that put the receipt key into the contract's table; null until mined
);

create table slot (
  rig text not null references rig on delete cascade,
  id text not null,
  class_id text not null,
  class text not null,
  cpus double precision not null,
  memory_mib integer not null,
  gpu_uuid text,
  attempt text,
  retry_at bigint not null default 0, -- no offer before: the rig has declined one
  primary key (rig, id)
);
create index slot_free on slot (class_id) where attempt is null;

-- Beats are many and worth nothing after a crash.
create unlogged table rig_beat (
  rig text primary key,
  at bigint not null,
  body jsonb not null
);

create table rig_challenge (
  challenge text primary key,
  rig text not null references rig on delete cascade,
  expires_at bigint not null
);

create table enrolment_code (
  code_hash text primary key,
  created_by text not null references account,
  expires_at bigint not null,
  used_at bigint,
  rig text references rig
);

create sequence fence_sequence;

create table attempt (
  id text primary key,
  job text not null references job,
  no integer,                        -- counted from 1 when a rig accepts; null for an offer that none took
  rig text not null references rig,
  slot text not null,
  state text not null,
  fence bigint not null unique default nextval('fence_sequence'),
  lease_state text not null,
  lease_until bigint not null,
  offered_at bigint not null,
  accepted_at bigint,
  running_at bigint,
  exited_at bigint,
  sealed_at bigint,
  offer_sent_at bigint,              -- null: the rig cannot have seen the offer
  unleased_ms bigint not null default 0, -- time under no valid lease, never charged
  result jsonb,                      -- the runner's `result` frame
  exit jsonb,                        -- the rig's whole `exited` message
  outcome text,
  failure_code text,
  loss text,                         -- why the attempt was lost or the offer declined, in plain words
  used_ms bigint,                    -- as charged
  receipt jsonb,                     -- unsigned, as sent to the rig
  unique (job, no)
);
create index attempt_leases on attempt (lease_until) where lease_state in ('offered', 'held');
create index attempt_by_rig on attempt (rig) where lease_state in ('offered', 'held');

-- Raw bytes of an attempt's streams. For `events`: transcript frames that end in this chunk have seq first_seq..last_seq
-- (null when none); the line that is unfinished where the chunk begins starts at line_start.
create table output_chunk (
  attempt text not null references attempt on delete cascade,
  stream text not null,
  at_offset bigint not null,
  body bytea not null,
  received_at bigint not null,
  line_start bigint not null default 0,
  first_seq integer,
  last_seq integer,
  primary key (attempt, stream, at_offset)
);
create index output_chunk_by_seq on output_chunk (attempt, last_seq) where last_seq is not null;
alter table output_chunk alter column body set storage external;

create table stream_cursor (
  attempt text not null references attempt on delete cascade,
  stream text not null,
  durable bigint not null default 0, -- bytes stored; rows are made with the attempt
  line_start bigint not null default 0, -- where the unfinished line at the end begins
  primary key (attempt, stream)
);

-- Events that the server itself adds to a transcript, such as the beginning of an attempt.
create table server_event (
  job text not null references job on delete cascade,
  seq integer not null,
  attempt_no integer not null,
  at bigint not null,
  frame jsonb not null,
  primary key (job, seq)
);

create table artefact (
  attempt text not null references attempt on delete cascade,
  path text not null,
  size_bytes bigint not null,
  sha256 text not null,
  complete boolean not null default false,
  primary key (attempt, path)
);
create table artefact_part (
  attempt text not null,
  path text not null,
  at_offset bigint not null,
  body bytea not null,
  primary key (attempt, path, at_offset),
  foreign key (attempt, path) references artefact on delete cascade
);
alter table artefact_part alter column body set storage external;

-- Double entry: the amounts of one transaction sum to zero per asset.
create table ledger_entry (
  id bigint generated always as identity primary key,
  tx text not null,
  account text not null,             -- such as `allocation:<id>:free`, see domain/ledger.ts
  asset text not null default 'NBAI',
  amount numeric(30,0) not null,
  kind text not null,
  job text,
  at bigint not null
);
create index ledger_entry_by_account on ledger_entry (account, id);

-- A transaction is written whole, once: each of its accounts appears once.
create unique index ledger_entry_once on ledger_entry (tx, account, asset);

-- Sums of the entries, moved in the same transaction; the row lock is what makes caps hold under concurrency.
create table ledger_balance (
  account text primary key,
  amount numeric(30,0) not null
);

-- A trigger and not a check: a check also looks at the row that `on conflict` then turns into an update.
create function check_ledger_balance() returns trigger language plpgsql as $$
begin
  raise exception 'ledger balance % would be %', new.account, new.amount using errcode = 'check_violation',
    constraint = case when new.account like '%:free' then 'ledger_free_not_negative' else 'ledger_balance_not_negative' end;
end $$;
create trigger ledger_balance_not_negative after insert or update on ledger_balance
  for each row when (new.amount < 0 and new.account ~ ':(free|held:.*|spent:.*)$') execute function check_ledger_balance();

create function check_ledger_tx() returns trigger language plpgsql as $$
begin
  if exists (select 1 from ledger_entry where tx = new.tx group by asset having sum(amount) <> 0) then
    raise exception 'ledger transaction % does not sum to zero', new.tx using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger ledger_sums_to_zero after insert on ledger_entry
  deferrable initially deferred for each row execute function check_ledger_tx();

create table receipt (
  hash text primary key,
  job text not null unique references job,
  attempt text not null unique references attempt,
  body jsonb not null,
  signature text not null,
  price numeric(29,0) not null,
  accepted_at bigint not null
);

create table settlement (
  job text primary key references job,
  receipt_hash text not null,
  state text not null check (state in ('pending', 'confirmed', 'unneeded', 'refused')),
  tx text,
  block_number bigint,
  fee numeric(29,0),
  reason text,
  updated_at bigint not null
);

-- Signed transactions, written before they are sent: the same nonce is sent again, never another.
create table chain_tx (
  sender text not null,
  nonce integer not null,
  hash text not null,
  raw text not null,
  purpose text not null unique,
  state text not null check (state in ('sent', 'mined', 'reverted')),
  block_number bigint,
  created_at bigint not null,
  primary key (sender, nonce)
);

create table outbox (
  id bigint generated always as identity primary key,
  topic text not null,
  key text not null,
  tries integer not null default 0,
  next_at bigint not null,
  done_at bigint,
  last_error text,
  unique (topic, key)
);
create index outbox_due on outbox (next_at) where done_at is null;

-- Append-only. Events are written by the transactions they tell of; their place in the hash chain is given afterwards, in one hand.
create table event (
  id bigint generated always as identity primary key,
  at bigint not null,
  kind text not null,
  actor text not null,
  subject text not null,
  data jsonb not null,
  place bigint unique,
  previous_hash text unique,
  hash text unique,
  check ((place is null) = (hash is null) and (place is null) = (previous_hash is null))
);
create index event_unsealed on event (id) where place is null;

create table idempotency (
  account text not null,
  route text not null,
  key text not null,
  request_hash text not null,
  response jsonb,
  created_at bigint not null,
  primary key (account, route, key)
);

create table revoked_session (
  sid text primary key,
  until bigint not null
);
