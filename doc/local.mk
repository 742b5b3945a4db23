# doc: manual pages, and completion for shells. Each page is written as NAME.in; what a table of a program says is put into it by trunkd-doc.
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

# A package may have another place for zsh: make install zshcompletiondir=...
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
bashcompletion_DATA = doc/completion/trunkctl
zshcompletion_DATA = doc/completion/_trunkctl
CLEANFILES += $(bashcompletion_DATA) $(zshcompletion_DATA)

doc/completion/trunkctl: trunkd-doc$(EXEEXT)
	@$(MKDIR_P) doc/completion
	$(AM_V_GEN)./trunkd-doc$(EXEEXT) bash >$@.tmp && mv $@.tmp $@
doc/completion/_trunkctl: trunkd-doc$(EXEEXT)
	@$(MKDIR_P) doc/completion
	$(AM_V_GEN)./trunkd-doc$(EXEEXT) zsh >$@.tmp && mv $@.tmp $@
