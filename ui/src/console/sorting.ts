// How a table is sorted. It stands in the address, so that a view can be bookmarked and sent.
import { desk } from './state.svelte'

/** A table that the council sorts, page by page: by a column's name, and with `-` before it the other way round. */
export class Order {
  /** How it is sorted where nothing is said. */
  constructor(private readonly otherwise = '') {}

  private get said(): string {
    return new URLSearchParams(desk.query).get('sort') || this.otherwise
  }

  get by(): string {
    return this.said.replace(/^-/, '')
  }

  get down(): boolean {
    return this.said.startsWith('-')
  }

  /** Sorts by a column, from its beginning, and at the second time the other way round. */
  turn(column: string) {
    const query = new URLSearchParams(desk.query)
    query.delete('after')
    query.set('sort', this.by === column && !this.down ? `-${column}` : column)
    desk.stay(`${desk.path}?${query}`)
  }
}

/** A table that is here whole, and sorted here. */
export class Sorting<Row> extends Order {
  /** By what each column is sorted. */
  constructor(private readonly columns: Record<string, (row: Row) => string>) {
    super()
  }

  sorted(rows: Row[]): Row[] {
    const of = this.columns[this.by]
    if (!of) return rows
    const order = [...rows].sort((a, b) => of(a).localeCompare(of(b), 'en', { numeric: true }))
    return this.down ? order.reverse() : order
  }
}
