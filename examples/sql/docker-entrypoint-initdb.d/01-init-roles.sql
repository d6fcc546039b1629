-- Roles and extensions. The official postgres image runs this file once, on an empty server; db-bootstrap runs it on any
-- server. Each statement may run again.

-- CREATE ROLE knows no IF NOT EXISTS. Roles belong to the whole server, so another database's set-up may create the same
-- role at the same moment: both errors that this can give are caught.
DO $$
BEGIN
  CREATE ROLE wholesale_app NOLOGIN;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

DO $$
BEGIN
  CREATE ROLE wholesale_readonly NOLOGIN;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

GRANT USAGE ON SCHEMA public TO wholesale_app, wholesale_readonly;
