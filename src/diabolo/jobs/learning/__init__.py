"""Learning on top: classifiers that begin with an encoder, and layers trained one by one."""
