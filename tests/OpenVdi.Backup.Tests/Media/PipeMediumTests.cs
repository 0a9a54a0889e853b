using System.IO.Pipes;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OpenVdi.Backup.Media;
using OpenVdi.Testing;

namespace OpenVdi.Backup.Tests.Media;

public sealed class PipeMediumTests
{
    [Fact]
    public async Task WriteAndRead_MoreThanThePipeHolds_TheBytesComeInOrder()
    {
        byte[] data = RandomNumberGenerator.GetBytes(5_000_000);
        using AnonymousPipeServerStream server = new(PipeDirection.Out);
        using PipeMedium writer = PipeMedium.Over("writer", Handle(server.SafePipeHandle), isWriter: true);
        using PipeMedium reader = PipeMedium.Over("reader", Handle(server.ClientSafePipeHandle), isWriter: false);

        Task<byte[]> reading = Task.Factory.StartNew(() => ReadAll(reader), TaskCreationOptions.LongRunning);
        for (int position = 0; position < data.Length; position += 1_000_000)
        {
            Assert.Equal(new TransferOutcome(1_000_000), writer.Write(data.AsSpan(position, 1_000_000), position));
        }

        Assert.Null(writer.Flush());
        Assert.Null(writer.Publish());
        writer.Dispose();
        server.Dispose();
        Assert.Equal(data, await reading.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Write_ReaderHasGone_IsAFailureInWords()
    {
        using AnonymousPipeServerStream server = new(PipeDirection.Out);
        using PipeMedium writer = PipeMedium.Over("standard output", Handle(server.SafePipeHandle), isWriter: true);
        server.ClientSafePipeHandle.Dispose();
        MediumFailure? failure = writer.Write(new byte[10], 0).Failure;
        Assert.Equal(CompletionCode.IODevice, failure!.Code);
        Assert.Contains("reader of the pipe has gone", failure.Message, StringComparison.Ordinal);
        Assert.Same(failure, writer.Flush());
    }

    [Fact]
    public void Write_AtAnotherPosition_IsNotSupported()
    {
        using AnonymousPipeServerStream server = new(PipeDirection.Out);
        using PipeMedium writer = PipeMedium.Over("writer", Handle(server.SafePipeHandle), isWriter: true);
        Assert.Equal(CompletionCode.NotSupported, writer.Write(new byte[10], 4096).Failure!.Code);
    }

    [Fact]
    [Spec("K7")]
    public void Write_ToAFullDevice_IsDiskFull()
    {
        using PipeMedium full = PipeMedium.Open("/dev/full", forWriting: true);
        Assert.Equal(CompletionCode.DiskFull, full.Write(new byte[10], 0).Failure!.Code);
    }

    [Fact]
    public async Task Interrupt_AFullPipeThatNobodyReads_EndsTheWrite()
    {
        using AnonymousPipeServerStream server = new(PipeDirection.Out);
        using PipeMedium writer = PipeMedium.Over("writer", Handle(server.SafePipeHandle), isWriter: true);
        Task<TransferOutcome> writing = Task.Factory.StartNew(
            () => writer.Write(new byte[8 << 20], 0), TaskCreationOptions.LongRunning);
        writer.Interrupt();
        TransferOutcome outcome = await writing.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(CompletionCode.OperationAborted, outcome.Failure!.Code);
    }

    [Fact]
    public async Task Interrupt_APipeThatNobodyFills_EndsTheRead()
    {
        using AnonymousPipeServerStream server = new(PipeDirection.Out);
        using PipeMedium reader = PipeMedium.Over("reader", Handle(server.ClientSafePipeHandle), isWriter: false);
        Task<TransferOutcome> reading = Task.Factory.StartNew(
            () => reader.Read(new byte[1000], 0), TaskCreationOptions.LongRunning);
        reader.Interrupt();
        TransferOutcome outcome = await reading.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(CompletionCode.OperationAborted, outcome.Failure!.Code);
    }

    private static byte[] ReadAll(PipeMedium reader)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[300_000];
        while (true)
        {
            TransferOutcome outcome = reader.Read(buffer, all.Length);
            Assert.Null(outcome.Failure);
            all.Write(buffer, 0, outcome.BytesTransferred);
            if (outcome.BytesTransferred < buffer.Length)
            {
                return all.ToArray();
            }
        }
    }

    private static SafeFileHandle Handle(SafePipeHandle pipe) => new(pipe.DangerousGetHandle(), ownsHandle: false);
}
