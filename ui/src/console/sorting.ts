// How the council sorts a table, page by page. It stands in the address, so that a view can be
// bookmarked and sent.
import { elsewhere } from './address'
import type { Asked } from './asked.svelte'
import { desk } from './state.svelte'

/** By a column's name, and with `-` before it the other way round. */
export class Order {
  constructor(
    /** The table: it is sorted as it was asked for. */
    private readonly of: Pick<Asked<unknown>, 'query'>,
    /** How it is sorted where nothing is said. */
    private readonly otherwise: string
  ) {}

  private get said(): string {
    return new URLSearchParams(this.of.query).get('sort') || this.otherwise
  }

  get by(): string {
    return this.said.replace(/^-/, '')
  }

  get down(): boolean {
    return this.said.startsWith('-')
  }

  /** Sorts by a column, from its beginning, and at the second time the other way round. */
  turn(column: string) {
    desk.stay(elsewhere({ sort: this.by === column && !this.down ? `-${column}` : column }))
  }
}
