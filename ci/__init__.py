"""The steps of the pipelines, run by both forges and by the tests.

They import what every Python has, and `offline.errors`: the job that holds a forge's token
installs nothing.
"""
