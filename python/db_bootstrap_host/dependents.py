"""The host's method `dependents`: the migrations whose records go when those of some apps are taken back."""

from .disk_graph import disk_graph
from .state_tables import in_order


def dependents(params, emit):
    """
    `undone`: all migrations of the apps and all that depend on them, in order of application. `zero`: the fewest of the apps that
    take all of them back with "migrate --fake APP zero".
    """
    graph = disk_graph().loader.graph
    apps = set(params["apps"])
    order = in_order(graph)
    undone, zero = set(), []
    for key in order:
        if key[0] in apps and key not in undone:
            if key[0] not in zero:
                zero.append(key[0])
            # "zero" takes back every migration of the app, whatever made it the first to be met.
            for node in order:
                if node[0] == key[0]:
                    undone.update(graph.backwards_plan(node))
    return {"zero": zero, "undone": [{"app": app, "name": name} for app, name in order if (app, name) in undone]}
