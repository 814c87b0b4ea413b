# What SpamAssassin says of mails, without asking anything of the network: paths on stdin, a line of JSON each.

use strict;
use warnings;
use JSON::PP;
use Mail::SpamAssassin;

my $assassin = Mail::SpamAssassin->new({
    local_tests_only => 1,
    dont_copy_prefs => 1,
    userprefs_filename => '/dev/null',
    userstate_dir => $ARGV[0],
    post_config_text => "use_bayes 0\nuse_auto_welcomelist 0\nuse_auto_whitelist 0\n",
});

while (my $path = <STDIN>) {
    chomp $path;
    open my $file, '<:raw', $path or die "$path: $!";
    my $mail = $assassin->parse([<$file>]);
    my $status = $assassin->check($mail);
    my %rules = map { $_ => $status->{conf}{scores}{$_} } split /,/, $status->get_names_of_tests_hit;
    print JSON::PP->new->canonical->encode({ path => $path, score => $status->get_score, rules => \%rules }), "\n";
    $status->finish;
    $mail->finish;
}
