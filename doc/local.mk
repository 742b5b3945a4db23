# doc: manual pages. Each is written as NAME.in; what a table of a program says is put into it by trunkd-doc.
man_MANS = \
	doc/trunkctl.1 \
	doc/trunkd-sim.1 \
	doc/trunkd.8 \
	doc/trunkd.conf.5 \
	doc/trunkd-manifest.5 \
	doc/trunkd-sql.7
CLEANFILES += $(man_MANS)

$(man_MANS): %: %.in trunkd-doc$(EXEEXT)
	@$(MKDIR_P) doc
	$(AM_V_GEN)./trunkd-doc$(EXEEXT) manual <$< >$@.tmp && mv $@.tmp $@
