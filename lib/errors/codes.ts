/**
 * Every code that a user can meet, with the title of its page in docs/errors. Append only: a code never changes its meaning.
 * The first digit says the kind: 1 usage, 2 config, 3 graph, 4 connection, 5 task, 6 Django and tenants,
 * 7 distributed, 8 guards, 9 internal.
 */
export const codes = {
  // 1 usage
  DBB1001: 'unknown option',
  DBB1002: 'unknown command',
  DBB1003: 'an option has a value that it cannot take',
  DBB1004: 'an option names a task that does not exist',
  DBB1005: 'unknown error code',
  DBB1006: 'a file that would be written exists already',
  DBB1007: 'the working directory does not exist',
  DBB1008: 'a command needs an argument that is missing',
  DBB1009: 'a file could not be written',
  DBB1010: 'a CI workflow file that was named cannot be read',

  // 2 config
  DBB2001: 'no config file was found',
  DBB2002: 'the config is not valid YAML or JSON',
  DBB2003: 'unknown key in the config',
  DBB2004: 'a value in the config has the wrong type',
  DBB2005: 'a key stands twice in the config',
  DBB2006: 'the config is empty',
  DBB2007: 'a JavaScript or TypeScript config could not be loaded',
  DBB2008: 'unknown preset',
  DBB2009: 'unknown profile',
  DBB2010: 'a variable that the config uses is not set',
  DBB2011: 'a duration is none',
  DBB2012: 'unknown task kind',
  DBB2013: 'a plugin could not be loaded',
  DBB2014: 'extends names a config that cannot be read',
  DBB2015: '$import is not supported',
  DBB2016: 'an env file could not be read',
  DBB2017: 'a required value is missing from the config',
  DBB2018: 'the config file could not be read',
  DBB2019: 'extends goes round in a circle',
  DBB2020: 'two plugins, or a plugin and a built-in, bring the same kind',
  DBB2021: 'a schema or a domain stands twice among the tenants',

  // 3 graph
  DBB3001: 'a task needs a task that does not exist',
  DBB3002: 'the tasks depend on each other in a circle',
  DBB3003: 'a task depends on itself',

  // 4 connection
  DBB4001: 'the server did not answer before the deadline',
  DBB4002: 'the password is wrong',
  DBB4003: 'the role does not exist or may not log in',
  DBB4004: 'the database does not exist',
  DBB4005: 'no database is configured',
  DBB4006: 'the database URL is not one',
  DBB4007: 'the connection was lost',
  DBB4008: 'another run holds the lock',
  DBB4009: 'the lock was lost',
  DBB4010: 'the host name of the server does not resolve',
  DBB4011: 'TLS failed',
  DBB4012: 'the server refused the connection by its rules (pg_hba.conf)',
  DBB4013: 'the server has no free connection',
  DBB4014: 'the role may not do that',
  DBB4020: 'the embedded server is not installed',
  DBB4021: 'the embedded server did not start',
  DBB4022: 'no embedded server is running',
  DBB4023: 'the embedded server is of another major version than its data',
  DBB4030: 'the ledger could not be written',

  // 5 task
  DBB5001: 'a command failed',
  DBB5002: 'a command could not be started',
  DBB5003: 'a task took longer than its timeout',
  DBB5004: 'a SQL statement failed',
  DBB5005: 'an init script failed',
  DBB5006: 'the directory of init scripts does not exist',
  DBB5007: 'a file with psql commands cannot run without psql',
  DBB5008: 'an init script was interrupted and cannot be repeated blindly',
  DBB5009: 'a file that a task names does not exist',
  DBB5010: 'a condition could not be evaluated',
  DBB5011: 'a command succeeded, but its outputs do not exist',
  DBB5012: 'a variable and its _FILE twin are both set',
  DBB5013: 'an extension is missing',
  DBB5014: 'a role is missing or lacks an attribute',
  DBB5015: 'a command was interrupted and cannot be repeated blindly',
  DBB5016: 'the run took longer than its timeout',
  DBB5017: 'a command that exec should start was not found',
  DBB5018: 'a compressed init script needs a program that is not installed',
  DBB5019: 'a task failed in a way that it did not explain',
  DBB5020: 'a task was interrupted',

  // 6 Django and tenants
  DBB6001: 'no Python interpreter was found',
  DBB6002: 'Django is not installed for this interpreter',
  DBB6003: "the project's settings could not be imported",
  DBB6004: 'no settings module is known',
  DBB6005: 'Django is connected to another database than the workflow',
  DBB6006: 'models and migrations differ',
  DBB6007: 'migrations conflict: an app has several leaf nodes',
  DBB6008: 'makemigrations may not write in CI',
  DBB6009: 'the host died',
  DBB6010: 'the host speaks another protocol version',
  DBB6011: 'a migration failed',
  DBB6012: 'a migration is recorded as applied, but a table that it makes does not exist',
  DBB6013: 'a schema has migrations that are not applied',
  DBB6014: 'a schema has recorded a migration that is not on disk',
  DBB6015: 'a field in tenants[].fields does not exist in the model',
  DBB6016: 'a field that the model requires is missing from tenants[].fields',
  DBB6017: 'a domain belongs to another tenant',
  DBB6018: 'the project has no tenants: django_tenants is not installed',
  DBB6019: 'a tenant has a row, but no schema',
  DBB6020: 'a schema has no tenant row',
  DBB6021: 'a tenant has no domain',
  DBB6022: 'a tenant could not be created',
  DBB6023: 'the schema name of a tenant is not valid',
  DBB6024: 'a value in tenants[].fields cannot be stored',
  DBB6025: 'an app label is unknown to the project',
  DBB6026: 'a migration depends on one that does not exist',
  DBB6027: 'some tenants failed',
  DBB6028: 'a management command failed',
  DBB6029: 'a configured tenant does not exist',
  DBB6030: 'the project could not be loaded by Django',
  DBB6031: 'a table that the models expect does not exist',
  DBB6032: "the project's database engine is not PostgreSQL",
  DBB6033: 'a column that the models expect does not exist',
  DBB6034: 'a table cannot be emptied: rows of tables outside the models refer to it',
  DBB6035: 'a flush deleted rows that data migrations had written',

  // 8 guards
  DBB8001: 'a guard refused a destructive task',
  DBB8002: 'the typed name is not that of the database',

  // 9 internal
  DBB9001: 'a fault of db-bootstrap itself',
} as const;

/** A stable code, "DBB" and four digits. */
export type ErrorCode = keyof typeof codes;

/** Whether a string is one of our codes. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(codes, value);
}
