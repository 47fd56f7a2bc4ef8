package uk.doorstep.field

import android.os.Bundle
import android.view.WindowManager
import androidx.activity.enableEdgeToEdge

/** The one window. Every screen may show a tenant's name, so none is shown in the app switcher or in a screenshot. */
class MainActivity : TauriActivity() {
  override fun onCreate(savedInstanceState: Bundle?) {
    window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
    enableEdgeToEdge()
    super.onCreate(savedInstanceState)
  }
}
