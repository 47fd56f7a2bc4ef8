// What becomes of a file of visits that a phone can't open any more.
import type { UnopenedStanding } from '../generated/types'
import { table } from './names'

const standings = table<UnopenedStanding>({
  waits: 'It goes to the council by itself',
  sent: 'It was sent to the council',
  stays: 'It stays on this phone. Tell the council'
})

/** One that there is on this phone, and where it is. */
export const unopenedWords = (standing: UnopenedStanding): string =>
  `An earlier file of visits can’t be opened on this phone. ${standings[standing]}.`
