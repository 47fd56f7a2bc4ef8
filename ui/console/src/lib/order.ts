// How the council sorts a table, page by page. It stands in the address.
import { withQuery } from './address'

/** By a column's name, and with `-` before it the other way round. */
export class Order {
  private readonly said: string

  constructor(
    private readonly at: URL,
    /** How it is sorted where the address says nothing. */
    otherwise: string
  ) {
    this.said = at.searchParams.get('sort') || otherwise
  }

  get by(): string {
    return this.said.replace(/^-/, '')
  }

  get down(): boolean {
    return this.said.startsWith('-')
  }

  /** The address that sorts by a column, from its beginning; by the one it is sorted by, the other way round. */
  turned(column: string): string {
    return withQuery(this.at, { sort: this.by === column && !this.down ? `-${column}` : column })
  }
}
