// How a table is sorted. It stands in the address, so that a view can be bookmarked and sent.
import { desk } from './state.svelte'

export class Sorting<Row> {
  /** By what each column is sorted. */
  constructor(private readonly columns: Record<string, (row: Row) => string>) {}

  private get said(): string {
    return new URLSearchParams(desk.query).get('sort') ?? ''
  }

  get by(): string {
    return this.said.replace(/^-/, '')
  }

  get down(): boolean {
    return this.said.startsWith('-')
  }

  /** Sorts by a column, and at the second time the other way round. */
  turn(column: string) {
    const query = new URLSearchParams(desk.query)
    query.set('sort', this.by === column && !this.down ? `-${column}` : column)
    desk.stay(`${desk.path}?${query}`)
  }

  sorted(rows: Row[]): Row[] {
    const of = this.columns[this.by]
    if (!of) return rows
    const order = [...rows].sort((a, b) => of(a).localeCompare(of(b), 'en', { numeric: true }))
    return this.down ? order.reverse() : order
  }
}
