/** A node of the graph: a task, as far as order is concerned. */
export interface GraphNode {
  readonly name: string;
  readonly use: string;
  /** It must have succeeded (or had nothing to do). */
  readonly needs: readonly string[];
  /** It must have ended, where both run. */
  readonly after: readonly string[];
  readonly enabled: boolean;
}

/** An arrow: `from` comes before `to`. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly type: 'needs' | 'after';
}
