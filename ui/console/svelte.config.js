import { kit } from '../kit.js'

export default kit('console')
