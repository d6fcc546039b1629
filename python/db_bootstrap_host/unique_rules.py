"""Which values of a model's table may occur only once."""

from django.db.models import F, UniqueConstraint
from django.db.models.expressions import OrderBy
from django.db.models.sql.query import Query


def unique_rules(model, editor):
    """Each rule with its columns, or with its expressions and its condition as SQL."""
    meta = model._meta
    rules = [
        _plain([field.column], field.primary_key)
        for field in meta.local_concrete_fields
        if field.unique and field.column
    ]
    composite = getattr(meta, "pk_fields", None) or []
    if len(composite) > 1:
        rules.append(_plain([field.column for field in composite], True))
    for names in meta.unique_together:
        rules.append(_plain([meta.get_field(name).column for name in names]))
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            rules.append(_of_constraint(constraint, model, editor))
    return rules


def _plain(columns, primary=False):
    return {
        "name": None,
        "columns": columns,
        "expressions": [],
        "condition": None,
        "nullsDistinct": True,
        "primary": primary,
    }


def _of_constraint(constraint, model, editor):
    rule = _plain([model._meta.get_field(name).column for name in constraint.fields])
    rule["name"] = constraint.name
    rule["nullsDistinct"] = getattr(constraint, "nulls_distinct", None) is not False
    rule["expressions"] = [_expression_sql(expression, model, editor) for expression in constraint.expressions or ()]
    if constraint.condition is not None:
        rule["condition"] = _condition_sql(constraint.condition, model, editor)
    return rule


def _expression_sql(expression, model, editor):
    # Order and operator class say how an index is kept, not which values are the same.
    while isinstance(expression, OrderBy) or type(expression).__name__ == "OpClass":
        expression = expression.get_source_expressions()[0]
    if isinstance(expression, str):
        expression = F(expression)
    query = Query(model, alias_cols=False)
    return _rendered(expression.resolve_expression(query), query, editor)


def _condition_sql(condition, model, editor):
    query = Query(model, alias_cols=False)
    return _rendered(query.build_where(condition), query, editor)


def _rendered(expression, query, editor):
    sql, params = query.get_compiler(connection=editor.connection).compile(expression)
    # Django doubles the percent signs of values, as if the text were formatted once more.
    return sql % tuple(editor.quote_value(value).replace("%%", "%") for value in params)
