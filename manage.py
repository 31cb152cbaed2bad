"""Django's command line from a checkout: `python manage.py makemigrations`."""

from __future__ import annotations

from budayang.manage import main

if __name__ == "__main__":
    main()
