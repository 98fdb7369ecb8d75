"""Install a complete data set: python -m gan_helpers.data cifar10 [--from PATH]."""

from gan_helpers.data.install import main

raise SystemExit(main())
