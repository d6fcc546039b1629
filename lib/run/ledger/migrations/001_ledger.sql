-- Runs, how their tasks ended, and what tasks remember. Read and written through lib/run/ledger only.
create table runs (
  id text primary key,
  version text not null,
  host text not null,
  pid integer not null,
  profile text,
  started_at timestamptz not null,
  ended_at timestamptz,
  status text,
  exit_code integer
);

create table task_results (
  run_id text not null references runs (id) on delete cascade,
  task text not null,
  use text not null,
  status text not null,
  changed boolean not null,
  attempts integer not null,
  ms integer not null,
  reason text not null,
  primary key (run_id, task)
);

create table task_facts (
  task text not null,
  key text not null,
  value jsonb not null,
  written_at timestamptz not null default now(),
  primary key (task, key)
);
