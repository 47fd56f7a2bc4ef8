// The order of a table. The council sorts it, so the order is in the page's address.
import { withQuery } from './address'

/** The name of the column that a table is sorted by, with `-` in front for descending. */
export class Order {
  private readonly said: string

  constructor(
    private readonly at: URL,
    /** The order if the address has none. */
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

  /** The address that sorts by a column, or turns the order round if it is sorted by it already. */
  turned(column: string): string {
    return withQuery(this.at, { sort: this.by === column && !this.down ? `-${column}` : column })
  }
}
