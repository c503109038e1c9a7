extension Profile {
    /// Fedora's bus: what its processors (fedmsg_meta 0.31) said of each family of topics, as far
    /// as messages alone can tell. Accounts that only a directory could resolve are left out.
    package static let fedora = Profile(
        name: "fedora",
        rules: gitRules + buildRules + bodhiRules + accountRules + communityRules + packageRules
            + testingRules + silentRules,
        otherwise: ExtractionRule([], users: ["agent"]))

    private static let gitRules = [
        ExtractionRule(
            ["git.receive.**"],
            users: ["agent | commit.agent | commit.username"],
            packages: [
                """
                commit[namespace=rpms,rpms-checks,].repo \
                | commit[namespace=rpms,rpms-checks,].branch -> topic-middle
                """
            ]),
        ExtractionRule(
            ["git.branch.**"], users: ["agent"], packages: ["[namespace=rpms,rpms-checks,].name"]),
        ExtractionRule(["git.lookaside.**"], users: ["agent"], packages: ["name"]),
        ExtractionRule(
            ["git.pkgdb2branch.**"], users: ["agent"],
            packages: ["branchedPackages[]", "unbranchedPackages[]"]),
        ExtractionRule(["git.**"], users: ["agent | commit.username"]),
        ExtractionRule(["infragit.**"], users: ["commit.username | agent"]),
        ExtractionRule(
            ["pagure.**"], users: ["agent | commit.email -> account"]),
    ]

    private static let buildRules = [
        ExtractionRule(
            ["buildsys.build.state.change"], users: ["owner"], packages: ["name"]),
        ExtractionRule(["buildsys.task.state.change"], users: ["owner"]),
        ExtractionRule(
            ["buildsys.tag", "buildsys.untag"], users: ["owner", "user"], packages: ["name"]),
        ExtractionRule(["buildsys.package.list.change"], packages: ["package"]),
        ExtractionRule(["buildsys.rpm.sign"], packages: ["info.name | rpm.name"]),
        ExtractionRule(["buildsys.**"]),
        ExtractionRule(["copr.**"], users: ["user", "owner"]),
        ExtractionRule(["mbs.**"], users: ["owner"]),
        ExtractionRule(["odcs.**"], users: ["compose.owner"]),
        ExtractionRule(["koschei.package.state.change"], packages: ["name"]),
        ExtractionRule(["koschei.**"]),
    ]

    /// Who wrote the comment, who owns the update or the override, whom the text mentions.
    private static let bodhiUsers = [
        "comment.user.name | comment.user | comment.author.name | comment.author",
        "comment.text -> mentions",
        "comment.update.user.name | comment.update.user",
        "comment.update.submitter.name | comment.update.submitter",
        "update.user.name | update.user", "update.submitter.name | update.submitter",
        "override.submitter.name | override.submitter", "agent",
    ]

    private static let bodhiRules = [
        ExtractionRule(
            ["bodhi.update.comment"], users: bodhiUsers,
            packages: [
                "comment.update.builds[].nvr -> nvr | comment.update.title -> nvrs",
                "update.builds[].nvr -> nvr | update.title -> nvrs",
            ]),
        ExtractionRule(
            ["bodhi.update.**"], users: bodhiUsers,
            packages: ["update.builds[].nvr -> nvr | update.title -> nvrs"]),
        ExtractionRule(
            ["bodhi.buildroot_override.**"], users: bodhiUsers,
            packages: ["override.build.nvr -> nvr | override.build -> nvr | override.nvr -> nvr"]),
        ExtractionRule(
            ["bodhi.stack.**"], users: bodhiUsers, packages: ["stack.packages[].name"]),
        ExtractionRule(
            ["bodhi.masher.start"], users: bodhiUsers, packages: ["updates[] -> nvrs"]),
        ExtractionRule(["bodhi.**"], users: bodhiUsers),
    ]

    private static let accountRules = [
        ExtractionRule(
            ["fas.**"],
            users: [
                "agent | agent.username | agent.name", "user | user.username | user.name",
            ]),
        ExtractionRule(
            ["fedbadges.**"], users: ["user.username | user.name | person.nickname | user"]),
        ExtractionRule(["nuancier.**"], users: ["agent", "candidate.submitter"]),
        ExtractionRule(["elections.**", "fedora_elections.**"], users: ["agent"]),
        ExtractionRule(["fmn.**"], users: ["openid -> account | user"]),
        ExtractionRule(["logger.**", "announce.**"], users: ["$.username"]),
        ExtractionRule(["ansible.**"], users: ["userid"]),
    ]

    private static let communityRules = [
        ExtractionRule(["wiki.**"], users: ["user -> lowercase | user_text -> lowercase"]),
        ExtractionRule(["irc.karma"], users: ["agent", "recipient"]),
        ExtractionRule(["planet.**"], users: ["username"]),
        ExtractionRule(["askbot.**"], users: ["agent", "newly_mentioned_users[]"]),
        ExtractionRule(["mailman.**"], users: ["msg.from -> account"]),
        ExtractionRule(
            ["meetbot.**"], users: ["attendees{keys} -> account"], notUsers: ["zodbot"]),
        ExtractionRule(["github.**"], users: ["fas_usernames{} -> person"]),
        ExtractionRule(["fedocal.**"], users: ["agent"]),
        ExtractionRule(
            ["trac.**"],
            users: [
                "agent", "page.author", "ticket.owner", "ticket.reporter", "commit.username",
            ]),
        ExtractionRule(
            ["bugzilla.**"],
            users: [
                "comment.author -> account", "event.who -> account", "bug.creator -> account",
                "bug.assigned_to -> account", "bug.cc[] -> account",
            ],
            packages: ["bug.component"]),
    ]

    private static let packageRules = [
        ExtractionRule(
            ["anitya.project.map.new", "anitya.project.map.update"],
            users: ["message.agent -> account | $.username"],
            packages: ["message[distro=Fedora,fedora].new", "message[distro=Fedora,fedora].prev"]),
        ExtractionRule(
            ["anitya.project.version.update", "anitya.project.flag"],
            users: ["message.agent -> account | $.username"],
            packages: [
                "packages[][distro=Fedora,fedora].package_name",
                "message.packages[][distro=Fedora,fedora].package_name",
            ]),
        ExtractionRule(["anitya.**"], users: ["message.agent -> account | $.username"]),
        ExtractionRule(
            ["pkgdb.**"],
            users: ["agent | agent[]", "acl.fas_name", "username"],
            packages: [
                "package_listing.package[namespace=rpms,].name",
                "package_listings[].package[namespace=rpms,].name",
                "package | package[namespace=rpms,].name | package_name",
                "acl.packagelist.package[namespace=rpms,].name",
                "info.packagename", "action.package[namespace=rpms,].name",
            ],
            notUsers: ["orphan"]),
        ExtractionRule(
            ["fedoratagger.**"],
            users: ["user[anonymous=].username | user.username"],
            packages: ["tag.package", "rating.package_name", "usage.package_name"],
            notUsers: ["anonymous"]),
        ExtractionRule(["summershum.**"], users: ["original.agent"], packages: ["original.name"]),
        ExtractionRule(
            ["hotness.**"],
            users: ["trigger.msg.owner", "koji.owner"],
            packages: [
                "trigger.msg[instance=primary].name",
                "trigger.msg.package_listing.package[namespace=rpms,].name",
                "trigger.msg.packages[][distro=Fedora,fedora].package_name",
                "trigger.msg.message.packages[][distro=Fedora,fedora].package_name",
                "trigger.msg.message[distro=Fedora,fedora].new", "package | package.name",
            ]),
        ExtractionRule(["mdapi.**"], packages: ["packages[]"]),
        ExtractionRule(["faf.**"], users: ["maintainers[]"], packages: ["components[]"]),
    ]

    private static let testingRules = [
        ExtractionRule(["kerneltest.**"], users: ["agent"], packages: ["kernel"]),
        ExtractionRule(["openqa.**"], users: ["user"]),
        ExtractionRule(["rats.**"], users: ["agent"]),
        ExtractionRule(["waiverdb.**"], users: ["username"]),
        ExtractionRule(
            ["ci.**", "allpackages.**", "container.**"], users: ["username"]),
        ExtractionRule(
            ["greenwave.**"], packages: ["subject[][type=koji_build].item -> nvr"]),
        ExtractionRule(["taskotron.**"], packages: ["task[type=koji_build].item -> nvr"]),
    ]

    private static let silentRules = [
        ExtractionRule([
            "compose.**", "pungi.**", "releng.**", "autocloud.**", "fedimg.**", "pdc.**",
            "mirrormanager.**", "jenkins.**", "datanommer.**", "zanata.**",
        ])
    ]
}
