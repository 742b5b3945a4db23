# ctl: the program trunkctl; one file per verb.
