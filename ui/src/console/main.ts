import { mount } from 'svelte'
import '../styles/console.scss'
import Console from './Console.svelte'

const target = document.getElementById('app')
if (target) mount(Console, { target })
