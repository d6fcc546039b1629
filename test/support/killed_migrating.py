"""
Kills migrating after each commit, one after the other, and migrates again: `METHOD SCHEMA FINGERPRINT`, with the statement that digests a
schema. What is killed inside of a transaction the server undoes. Prints, as JSON, how many times it was killed, and what is wrong after
which moment.
"""

import json
import os
import sys

sys.path[:0] = [os.getcwd(), os.path.join(os.path.dirname(__file__), "../../python")]

from db_bootstrap_host.methods import find_method
from db_bootstrap_host.project import load_project

method, schema, digest = sys.argv[1:]
project = load_project()
run = find_method(method)


def migrate(again):
    params = {"schema": schema, "fingerprint": digest, "again": again}
    return run(params, lambda event: None)


def reset():
    with project.connection.cursor() as cursor:
        name = project.connection.ops.quote_name(schema)
        cursor.execute("drop schema if exists %s cascade; create schema %s" % (name, name))
    project.connection.close()


def catalog():
    with project.connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relnamespace = %s::regnamespace", ['"%s"' % schema])
        names = sorted(name for (name,) in cursor.fetchall())
        cursor.execute(digest, [[schema], names])
        row = cursor.fetchone()
        cursor.execute('select app, name from "%s".django_migrations order by app, name' % schema)
        return [row[1], names, cursor.fetchall()]


def dying_at(number):
    """Dies after a commit, or before a statement that is a transaction of its own; these moments are counted from 1."""
    commit, moments = project.connection.commit, []

    def passed(kind):
        moments.append(kind)
        if len(moments) == number:
            os._exit(9)

    def committed():
        commit()
        passed("commit")

    def execute(execute, sql, params, many, context):
        if not project.connection.in_atomic_block:
            # Only a migration that is not atomic changes tables there.
            passed("change" if '"carriers_' in sql and not sql.startswith("SELECT") else "statement")
        return execute(sql, params, many, context)

    project.connection.commit = committed
    return moments, project.connection.execute_wrapper(execute)


def child(work):
    """What the work returns, done in a process of its own; None where it was killed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            answer = {"value": work()}
        except BaseException as error:
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        with os.fdopen(writer, "w") as stream:
            json.dump(answer, stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else None


def broken_off(number):
    reset()
    moments, dying = dying_at(number)
    with dying:
        migrate(False)
    return [list(moments), catalog()]


def whole():
    migrate(True)
    return catalog()


answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.stdout = open(os.devnull, "w")
calm = child(lambda: broken_off(0))
if "error" in calm:
    sys.exit(calm["error"])
moments, wanted = calm["value"]
# Each kill costs a migrated schema: of the statements some.
kills = [number for number, kind in enumerate(moments, 1) if kind != "statement" or number % 12 == 0]
wrong = {}
for number in kills:
    if child(lambda: broken_off(number)) is not None:
        wrong[number] = "it was not killed"
        continue
    answer = child(whole)
    if answer.get("value") != wanted:
        wrong[number] = answer.get("error") or "the catalog is another one"
with answers:
    json.dump({"kills": len(kills), "wrong": wrong}, answers)
