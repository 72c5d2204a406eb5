# Talks to a broker by Perl's Net::Stomp: net-stomp.pl PORT VERSION QUEUE. Says each thing that worked; dies at the first
# that did not. The library takes the one frame that follows a SEND with a receipt for its RECEIPT.

use strict;
use warnings;
use utf8;
use Encode qw(encode_utf8);
use Net::Stomp;

my ($port, $version, $destination) = @ARGV;
my $WAIT_SECONDS = 20;
$| = 1;

sub expect {
    my ($step, $got, $wanted) = @_;
    die "$step: expected '" . substr($wanted, 0, 200) . "', got '" . substr($got // 'nothing', 0, 200) . "'\n"
        unless defined $got && $got eq $wanted;
    print "ok $step\n";
}

sub receive {
    my ($stomp) = @_;
    return $stomp->receive_frame({ timeout => $WAIT_SECONDS }) // die "nothing arrived\n";
}

sub connect_to_broker {
    my $stomp = Net::Stomp->new({ hostname => '127.0.0.1', port => $port });
    my $connected = $stomp->connect({
        login => 'guest', passcode => 'guest', 'accept-version' => $version, host => 'localhost',
    });
    return ($stomp, $connected);
}

my ($stomp, $connected) = connect_to_broker();
expect('connect', $connected->headers->{version}, $version);

my %bodies = (
    send    => 'plain',
    emoji   => encode_utf8('Grüße, 🎉 и 鍵'),
    '1 MiB' => '0123456789abcdef' x 65_536,
    octets  => join('', map { chr } 0 .. 255),
);
for my $step (sort keys %bodies) {
    expect("$step receipt", $stomp->send_with_receipt({
        destination => $destination, body => $bodies{$step}, bytes_message => 1, timeout => $WAIT_SECONDS,
    }), 1);
}
expect('transaction', $stomp->send_transactional({ destination => $destination, body => 'kept', timeout => $WAIT_SECONDS }), 1);

$stomp->subscribe({ destination => $destination, id => 1, ack => 'client-individual', 'prefetch-count' => 1 });
for my $step (sort(keys %bodies), 'kept') {
    my $message = receive($stomp);
    expect($step, $message->body, $bodies{$step} // 'kept');
    $stomp->ack({ frame => $message });
}

$stomp->send({ destination => $destination, body => 'work' });
my $first = receive($stomp);
$stomp->nack({ frame => $first });
my $again = receive($stomp);
expect('nack', "$again->{headers}{'message-id'} $again->{headers}{redelivered}", "$first->{headers}{'message-id'} true");
$stomp->ack({ frame => $again });

$stomp->unsubscribe({ destination => $destination, id => 1 });
$stomp->disconnect;
expect('disconnect', 'done', 'done');

my ($refused) = connect_to_broker();
$refused->send({ destination => '/nowhere', body => 'x' });
expect('error', receive($refused)->headers->{message}, 'Unknown destination');
