import { surface } from '../vite.js'

export default surface('test', '../shared/test')
