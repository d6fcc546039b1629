export type { GraphEdge, GraphNode } from './node.js';
export { checksLast } from './checks-last.js';
export { validateGraph, type GraphFault } from './validate.js';
export { criticalPath, downstreamOf, drawnEdges, edgesOf, topologicalOrder } from './order.js';
export { drawText, quoteName } from './draw-text.js';
export { drawDot, drawMermaid, toJson } from './draw-markup.js';
