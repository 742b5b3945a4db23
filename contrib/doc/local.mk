# doc: manual pages, and completion for shells. Each page is written as NAME.in; what a table of a program says is put into it by trunkd-doc.
man_MANS = \
	contrib/doc/trunkctl.1 \
	contrib/doc/trunkd-sim.1 \
	contrib/doc/trunkd.8 \
	contrib/doc/trunkd.conf.5 \
	contrib/doc/trunkd-manifest.5 \
	contrib/doc/trunkd-sql.7
CLEANFILES += $(man_MANS)

$(man_MANS): %: %.in trunkd-doc$(EXEEXT)
	@$(MKDIR_P) contrib/doc
	$(AM_V_GEN)./trunkd-doc$(EXEEXT) manual <$< >$@.tmp && mv $@.tmp $@

# A package may have another place for zsh: make install zshcompletiondir=...
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
bashcompletion_DATA = contrib/doc/completion/trunkctl
zshcompletion_DATA = contrib/doc/completion/_trunkctl
CLEANFILES += $(bashcompletion_DATA) $(zshcompletion_DATA)

contrib/doc/completion/trunkctl: trunkd-doc$(EXEEXT)
	@$(MKDIR_P) contrib/doc/completion
	$(AM_V_GEN)./trunkd-doc$(EXEEXT) bash >$@.tmp && mv $@.tmp $@
contrib/doc/completion/_trunkctl: trunkd-doc$(EXEEXT)
	@$(MKDIR_P) contrib/doc/completion
	$(AM_V_GEN)./trunkd-doc$(EXEEXT) zsh >$@.tmp && mv $@.tmp $@
